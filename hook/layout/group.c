/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of the groups that share a layout, and who is a member. */
#include "layout/group.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

/* From config.json to a process of the container: a runtime gives up long before that. */
#define PENDING_MS 60000

struct process_search {
	const char *encoded;
	pid_t found;
};

static int stop_at_member(pid_t pid, void *arg)
{
	struct process_search *s = arg;
	struct container_name c;
	char name[256];

	if (!container_of(pid, &c) || group_name_encode(c.id, name, sizeof(name)) < 0 ||
	    strcmp(name, s->encoded) != 0)
		return 0;
	s->found = pid;
	return 1;
}

/* The process that a container was started with, by its cgroup; 0 where there is none. */
static pid_t find_process(const char *encoded)
{
	struct process_search s = { .encoded = encoded };

	(void)proc_for_each(stop_at_member, &s);
	return s.found;
}

static bool is_there(struct group_member *m)
{
	struct proc_stat st;

	if (m->pid == 0 && now_ms() < m->pending)
		return true;
	if (m->pid == 0) {
		m->pid = find_process(m->id);
		if (m->pid && proc_stat(m->pid, &st) == 0)
			m->start = st.start;
	}
	return m->pid && proc_stat(m->pid, &st) == 0 && st.start == m->start &&
	       st.state != 'Z' && st.state != 'X';
}

/*
 * Is this the member id? At precreate an engine's id may not be known but for its first
 * twelve digits, which podman and Docker make the container's host name.
 */
static bool is_id(const struct group_member *m, const char *id)
{
	return strcmp(m->id, id) == 0 || (m->pid == 0 && strlen(m->id) == 12 &&
					  strlen(id) == 64 && strncmp(m->id, id, 12) == 0);
}

/* Leave out who has ended, and id. True when anybody was left out. */
static bool prune(struct group_record *r, const char *id)
{
	size_t kept = 0, before = r->n;

	for (size_t i = 0; i < before; i++) {
		if ((!id || !is_id(&r->member[i], id)) && is_there(&r->member[i]))
			r->member[kept++] = r->member[i];
	}
	r->n = kept;
	return kept < before;
}

/* Every group but one: who has ended goes, and so does id. */
static void prune_others(int dir, const char *but, const char *id)
{
	DIR *d = fdopendir(dup(dir));
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		struct group_record r __cleanup(group_record_free) = { 0 };

		/* the lock is ours: a temporary file was left by somebody who was killed */
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dir, e->d_name, 0);
		if (e->d_name[0] == '.' || (but && strcmp(e->d_name, but) == 0))
			continue;
		if (group_file_read(dir, e->d_name, &r) == -EBADMSG)
			r.n = 0; /* nobody can be a member of what cannot be read */
		else if (!prune(&r, id) && r.n)
			continue;
		(void)group_file_write(dir, e->d_name, &r);
	}
	if (d)
		closedir(d);
}

static int make_secrets(struct group_secrets *g)
{
	struct {
		uint32_t stack, python;
		unsigned char perl[16];
	} random;

	do {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -EIO;
	} while (random.python == 0);
	g->stack = GROUP_STACK_MIN +
		   (uint64_t)(random.stack & ((1u << GROUP_BITS) - 1)) * GROUP_PAGE;
	g->python = random.python;
	for (size_t i = 0; i < sizeof(random.perl); i++)
		sprintf(g->perl + 2 * i, "%02x", random.perl[i]);
	explicit_bzero(&random, sizeof(random));
	return 0;
}

int group_join(unsigned owner, const char *name, const char *id, pid_t pid,
	       struct group_secrets *out, struct error *err)
{
	struct group_record r __cleanup(group_record_free) = { 0 };
	char file[NAME_MAX + 1], member[256];
	__cleanup(close_fd) int dir = -1;
	struct proc_stat st = { 0 };
	struct group_member *m;
	int ret;

	if (group_name_encode(name, file, sizeof(file)) < 0 ||
	    group_name_encode(id, member, sizeof(member)) < 0)
		return err_set(err, ENAMETOOLONG, "the name of the group or the container");
	if (pid && proc_stat(pid, &st) < 0)
		return err_set(err, ESRCH, "there is no process %d", pid);
	dir = group_directory_open(owner, true, err);
	if (dir < 0)
		return dir;
	prune_others(dir, file, member);
	ret = group_file_read(dir, file, &r);
	if (ret == 0)
		prune(&r, member);
	else
		ret = make_secrets(&r.group);
	m = ret == 0 ? group_record_add(&r) : NULL;
	if (ret == 0 && !m)
		ret = -E2BIG;
	if (m) {
		*m = (struct group_member){ .pid = pid, .start = st.start };
		m->pending = pid ? 0 : now_ms() + PENDING_MS;
		memcpy(m->id, member, sizeof(member));
		ret = group_file_write(dir, file, &r);
	}
	if (ret < 0)
		return err_errno(err, -ret, "the group's secrets");
	*out = r.group;
	return 0;
}

int group_leave(unsigned owner, const char *id, struct error *err)
{
	__cleanup(close_fd) int dir = -1;
	char member[256];

	if (group_name_encode(id, member, sizeof(member)) < 0)
		return err_set(err, ENAMETOOLONG, "the name of the container");
	dir = group_directory_open(owner, false, err);
	if (dir < 0)
		return dir;
	prune_others(dir, NULL, member);
	return 0;
}

static int find_member(int dir, const char *file, const char *member, struct group_secrets *out)
{
	struct group_record r __cleanup(group_record_free) = { 0 };

	if (group_file_read(dir, file, &r) < 0)
		return -ENOENT;
	for (size_t i = 0; i < r.n; i++) {
		if (strcmp(r.member[i].id, member) == 0) {
			*out = r.group;
			return 0;
		}
	}
	return -ENOENT;
}

int group_of_member(unsigned owner, const char *id, char *name, size_t size,
		    struct group_secrets *out)
{
	__cleanup(close_fd) int dir = -1;
	int ret = -ENOENT;
	struct error err;
	struct dirent *e;
	char member[256];
	DIR *d;

	if (group_name_encode(id, member, sizeof(member)) < 0)
		return -ENOENT;
	dir = group_directory_open(owner, false, &err);
	if (dir < 0)
		return -ENOENT;
	d = fdopendir(dup(dir));
	while (d && ret < 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		ret = find_member(dir, e->d_name, member, out);
		if (ret == 0 && name)
			group_name_decode(e->d_name, name, size);
	}
	if (d)
		closedir(d);
	return ret;
}
