/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of the groups that share a layout, and who is a member. */
#include "layout/group.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dir_walk.h"
#include "base/io.h"
#include "base/macros.h"
#include "kernel/proc.h"
#include "layout/group_stack.h"

/* From config.json to a process of the container: a runtime gives up long before that. */
#define PENDING_MS 60000

/*
 * Of members that are still there, so many are looked at while somebody waits: the others may
 * be, and the next one begins elsewhere. Those that are gone cost a system call.
 */
#define LOOKS_MAX 64
/* When a container has ended: groups, and the time for them. */
#define FORGET_GROUPS_MAX 64
#define FORGET_MS         50
/* Groups whose secrets are compared for a session, or for ps. */
#define SEARCH_GROUPS_MAX 4096

static bool is_place(const char *encoded, const char *place)
{
	char member[256];

	group_name_decode(encoded, member, sizeof(member));
	return strcmp(member, place) == 0;
}

static bool place_is_there(const char *encoded)
{
	char place[256];

	group_name_decode(encoded, place, sizeof(place));
	return access(place, F_OK) == 0;
}

static bool is_there(const struct group_member *m, const char *gone)
{
	struct proc_stat st;

	if (gone && m->place[0] && is_place(m->place, gone))
		return false;
	if (now_ms() < m->pending)
		return true;
	if (m->pid && proc_stat(m->pid, &st) == 0 && st.start == m->start &&
	    !strchr("ZX", st.state))
		return true;
	return m->place[0] && place_is_there(m->place);
}

/* Leave out who has ended. True when anybody was. */
static bool prune(struct group_record *r, const char *gone, size_t looks)
{
	size_t n = r->n, kept = 0, there = 0, first = n ? (size_t)now_us() % n : 0;

	for (size_t i = 0; i < n && there < looks; i++) {
		struct group_member *m = &r->member[(first + i) % n];

		if (is_there(m, gone))
			there++;
		else
			m->id[0] = '\0';
	}
	for (size_t i = 0; i < n; i++) {
		if (r->member[i].id[0])
			r->member[kept++] = r->member[i];
	}
	r->n = kept;
	return kept < n;
}

/*
 * Take out what precreate reserved for the container that comes now, or that never came. True where
 * the container has the group's seeds from it.
 */
static bool take_reservation(struct group_record *r, const char *member, const char *place)
{
	for (size_t i = 0; i < r->n; i++) {
		struct group_member *m = &r->member[i];
		bool reserved = !m->place[0];

		/* or the same container of the same runtime, begun anew */
		if (m->pid || (m->place[0] && strcmp(m->place, place) != 0) ||
		    strcmp(m->id, member) != 0)
			continue;
		*m = r->member[--r->n];
		return reserved;
	}
	return false;
}

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* 0: there are none. */
static uint64_t stack_choices(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);

	return pages > 0 ? group_stack_choices(page_size(), (uint64_t)pages * page_size()) : 0;
}

int group_check_machine(struct error *err)
{
	if (stack_choices() == 0)
		return err_set(err, ENOTSUP,
			       "this machine has too little memory for stack limits that "
			       "nobody can guess");
	return 0;
}

static int make_secrets(struct group_secrets *g)
{
	const uint64_t choices = stack_choices();
	struct {
		uint64_t stack;
		uint32_t python, v8;
		unsigned char perl[16];
	} random;

	if (choices == 0)
		return -ENOTSUP;
	do {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -EIO;
		random.v8 &= INT32_MAX;
	} while (random.python == 0 || random.v8 == 0);
	g->stack = group_stack_limit(random.stack, choices, page_size());
	g->python = random.python;
	g->v8 = random.v8;
	for (size_t i = 0; i < sizeof(random.perl); i++)
		sprintf(g->perl + 2 * i, "%02x", random.perl[i]);
	explicit_bzero(&random, sizeof(random));
	return 0;
}

/* The names of files: of the group, of the member. */
struct group_names {
	char file[NAME_MAX + 1];
	struct group_member member;
};

static int encode_names(const char *name, const struct group_joiner *who,
			struct group_names *out, struct error *err)
{
	struct proc_stat st = { 0 };

	*out = (struct group_names){ .member.pid = who->pid };
	if (group_name_encode(name, out->file, sizeof(out->file)) < 0 ||
	    group_name_encode(who->id, out->member.id, sizeof(out->member.id)) < 0)
		return err_set(err, ENAMETOOLONG, "the name of the group or the container");
	/* without it, it is a member for the time of its start */
	if (who->place &&
	    group_name_encode(who->place, out->member.place, sizeof(out->member.place)) < 0)
		out->member.place[0] = '\0';
	if (who->pid && proc_stat(who->pid, &st) < 0)
		return err_set(err, ESRCH, "there is no process %d", who->pid);
	out->member.start = st.start;
	out->member.pending = who->pid ? 0 : now_ms() + PENDING_MS;
	return 0;
}

static int add_member(struct group_record *r, const struct group_names *names)
{
	bool has_seeds = take_reservation(r, names->member.id, names->member.place);
	struct group_member *m;

	prune(r, NULL, LOOKS_MAX);
	if (r->n == GROUP_MEMBERS_MAX)
		prune(r, NULL, GROUP_MEMBERS_MAX);
	/* nobody knows them any more, so nobody is to know the next ones */
	if (r->n == 0 && !has_seeds) {
		int ret = make_secrets(&r->group);

		if (ret < 0)
			return ret;
	}
	m = group_record_add(r);
	if (!m)
		return -E2BIG;
	*m = names->member;
	return 0;
}

int group_join(unsigned owner, const char *name, const struct group_joiner *who,
	       struct group_secrets *out, struct error *err)
{
	struct group_record r __cleanup(group_record_free) = { 0 };
	__cleanup(close_fd) int dir = -1;
	struct group_names names;
	int ret = encode_names(name, who, &names, err);

	if (ret < 0)
		return ret;
	dir = group_directory_open(owner, true, err);
	ret = dir < 0 ? dir : group_directory_lock(dir, err);
	if (ret < 0)
		return ret;
	ret = group_file_read(dir, names.file, &r);
	if (ret == -EBADMSG) /* nobody can be a member of what cannot be read */
		r.n = 0;
	if (ret == 0 || ret == -EBADMSG || ret == -ENOENT)
		ret = add_member(&r, &names);
	if (ret == -E2BIG)
		return err_set(err, E2BIG, "the group has %d members", GROUP_MEMBERS_MAX);
	if (ret == 0)
		ret = group_file_write(dir, names.file, &r);
	if (ret < 0)
		return err_errno(err, -ret, "the group's secrets");
	*out = r.group;
	return 0;
}

void group_leave(unsigned owner, const char *name, const struct group_joiner *who)
{
	struct group_record r __cleanup(group_record_free) = { 0 };
	__cleanup(close_fd) int dir = -1;
	struct group_names names;
	struct error ignored;

	if (encode_names(name, who, &names, &ignored) < 0)
		return;
	dir = group_directory_open(owner, false, &ignored);
	if (dir < 0 || group_directory_lock(dir, &ignored) < 0 ||
	    group_file_read(dir, names.file, &r) < 0)
		return;
	for (size_t i = 0; i < r.n; i++) {
		const struct group_member *m = &r.member[i];

		if (m->pid != who->pid || m->start != names.member.start ||
		    strcmp(m->id, names.member.id) != 0 ||
		    strcmp(m->place, names.member.place) != 0)
			continue;
		r.member[i] = r.member[--r.n];
		(void)group_file_write(dir, names.file, &r);
		return;
	}
}

/* Of one group, with the lock for this file only: a start may come between two. */
static void forget_in(int dir, const char *file, const char *member, const char *gone)
{
	struct group_record r __cleanup(group_record_free) = { 0 };
	struct error ignored;
	bool changed;
	int ret;

	if (group_directory_lock(dir, &ignored) < 0)
		return;
	if (file[0] == '.') { /* the lock is ours: it was left by somebody who was killed */
		(void)unlinkat(dir, file, 0);
	} else {
		ret = group_file_read(dir, file, &r);
		if (ret == -EBADMSG)
			r.n = 0;
		changed = ret == -EBADMSG || (member && take_reservation(&r, member, ""));
		if (ret == 0)
			changed = prune(&r, gone, GROUP_MEMBERS_MAX) || changed;
		if (changed)
			(void)group_file_write(dir, file, &r);
	}
	flock(dir, LOCK_UN);
}

static int count_file(int dir, const char *file, void *n)
{
	(void)dir;
	(void)file;
	++*(size_t *)n;
	return 0;
}

struct file_walk {
	bool (*visit)(int dir, const char *file, void *arg);
	void *arg;
	size_t at, from, to; /* these are visited */
};

static int visit_file(int dir, const char *file, void *arg)
{
	struct file_walk *w = arg;
	size_t at = w->at++;

	return at >= w->from && at < w->to && !w->visit(dir, file, w->arg);
}

/* Call visit for files of the directory, from any of them on, until it returns false. */
static void for_each_file(int dir, bool (*visit)(int dir, const char *file, void *arg),
			  void *arg)
{
	struct file_walk w = { .visit = visit, .arg = arg, .to = SIZE_MAX };
	size_t n = 0;

	if (lseek(dir, 0, SEEK_SET) != 0 || dir_for_each(dir, count_file, &n) < 0)
		return;
	w.from = n ? (size_t)now_us() % n : 0;
	if (lseek(dir, 0, SEEK_SET) != 0 || dir_for_each(dir, visit_file, &w) != 0)
		return;
	w = (struct file_walk){ .visit = visit, .arg = arg, .to = w.from };
	if (lseek(dir, 0, SEEK_SET) == 0)
		(void)dir_for_each(dir, visit_file, &w);
}

struct forgetting {
	const char *gone;
	int64_t deadline;
	size_t left;
};

static bool forget_one(int dir, const char *file, void *arg)
{
	struct forgetting *f = arg;

	forget_in(dir, file, NULL, f->gone);
	return --f->left > 0 && now_ms() < f->deadline;
}

void group_forget_ended(unsigned owner, const char *name, const char *id, const char *gone)
{
	struct forgetting f = { gone, now_ms() + FORGET_MS, FORGET_GROUPS_MAX };
	__cleanup(close_fd) int dir = -1;
	char file[NAME_MAX + 1], member[256];
	struct error ignored;

	dir = group_directory_open(owner, false, &ignored);
	if (dir < 0)
		return;
	if (name && id && group_name_encode(name, file, sizeof(file)) == 0 &&
	    group_name_encode(id, member, sizeof(member)) == 0)
		forget_in(dir, file, member, gone);
	for_each_file(dir, forget_one, &f);
}

struct stack_search {
	uint64_t stack;
	char *name;
	size_t size;
	struct group_secrets *out;
	size_t left;
	bool found;
};

static bool compare_stack(int dir, const char *file, void *arg)
{
	struct stack_search *s = arg;

	s->found = file[0] != '.' && group_file_secrets(dir, file, s->out) == 0 &&
		   s->out->stack == s->stack;
	if (s->found && s->name)
		group_name_decode(file, s->name, s->size);
	return !s->found && --s->left > 0;
}

int group_of_stack(unsigned owner, uint64_t stack, char *name, size_t size,
		   struct group_secrets *out)
{
	struct stack_search s = { .stack = stack,
				  .name = name,
				  .size = size,
				  .out = out,
				  .left = SEARCH_GROUPS_MAX };
	struct error ignored;
	__cleanup(close_fd) int dir = group_directory_open(owner, false, &ignored);

	if (dir >= 0)
		for_each_file(dir, compare_stack, &s);
	return s.found ? 0 : -ENOENT;
}
