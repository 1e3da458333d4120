/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a user means by a process id, a container, a cgroup or all containers. */
#include "containers/targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"
#include "containers/known_containers.h"
#include "kernel/process.h"

/* PID_MAX_LIMIT of include/linux/threads.h: a larger number is no process's */
#define PID_MAX 4194304
static bool is_same_container(const struct container_name *a, const struct container_name *b)
{
	return container_name_compare(a, b) == 0;
}

bool target_in_cgroup(const char *text, const char *path, size_t len)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		const char *p = memchr(text, ':', n);

		p = p ? memchr(p + 1, ':', n - (size_t)(p + 1 - text)) : NULL;
		if (p) {
			size_t plen = n - (size_t)(++p - text);

			if (plen >= len && memcmp(p, path, len) == 0 &&
			    (plen == len || p[len] == '/'))
				return true;
		}
		text += n + (text[n] == '\n');
	}
	return false;
}

static bool is_meant_by(const struct target *t, pid_t pid)
{
	struct container_name name;
	struct proc_stat st;
	char text[PROC_CGROUP_MAX];

	switch (t->kind) {
	case TARGET_PID:
		return pid == t->pid && proc_stat(pid, &st) == 0 && st.start == t->start;
	case TARGET_CONTAINER:
		return container_of(pid, &name) && is_same_container(&name, &t->name);
	case TARGET_CGROUP:
		return proc_read_head(pid, "cgroup", text, sizeof(text)) > 0 &&
		       target_in_cgroup(text, t->path, t->path_len);
	case TARGET_ALL:
		return container_of(pid, &name) && !is_same_container(&name, &t->name);
	}
	return false;
}

bool target_match(const void *arg, pid_t pid)
{
	const struct target_set *set = arg;

	for (size_t i = 0; i < set->n; i++) {
		if (is_meant_by(&set->t[i], pid))
			return true;
	}
	return false;
}

struct pid_list {
	pid_t *pid;
	size_t n, capacity;
};

static int add_pid(pid_t pid, void *list)
{
	struct pid_list *p = list;

	if (p->n == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 256;
		pid_t *more = realloc(p->pid, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->pid = more;
		p->capacity = capacity;
	}
	p->pid[p->n++] = pid;
	return 0;
}

/*
 * Call visit for every number in /proc, until it returns other than 0, which is returned. That
 * a process is there (kernel/process.h) is checked last, since most are not meant.
 */
static int for_each_pid(int (*visit)(pid_t pid, void *arg), void *arg, struct error *err)
{
	int r = proc_for_each(visit, arg);

	return r < 0 ? err_errno(err, -r, "the processes of /proc") : r;
}

static bool is_another_process(pid_t pid)
{
	struct process p;

	return pid != getpid() && process_find(pid, &p) == 0;
}

struct target_search {
	const struct target_set *set;
	int (*visit)(pid_t pid, void *arg);
	void *arg;
};

static int visit_if_meant(pid_t pid, void *arg)
{
	struct target_search *s = arg;

	return target_match(s->set, pid) && is_another_process(pid) ? s->visit(pid, s->arg) : 0;
}

int target_for_each(const struct target_set *set, int (*visit)(pid_t pid, void *arg), void *arg,
		    struct error *err)
{
	struct target_search s = { set, visit, arg };
	bool only_pids = true;
	int r = 0;

	for (size_t i = 0; i < set->n; i++)
		only_pids &= set->t[i].kind == TARGET_PID;
	if (!only_pids)
		return for_each_pid(visit_if_meant, &s, err);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = visit_if_meant(set->t[i].pid, &s);
	return r < 0 ? err_errno(err, -r, "the processes that were named") : r;
}

ssize_t target_list(const struct target_set *set, pid_t **out, struct error *err)
{
	struct pid_list found = { 0 };
	int r = target_for_each(set, add_pid, &found, err);

	if (r < 0) {
		free(found.pid);
		return r;
	}
	*out = found.pid;
	return (ssize_t)found.n;
}

/* -ENOENT when there is no process (but maybe a thread) of that number */
static int pid_target(struct target *t, const char *digits, struct error *err)
{
	__cleanup(close_fd) int pidfd = -1;
	struct proc_stat st;
	int64_t pid;

	if (parse_int(digits, strlen(digits), 1, PID_MAX, &pid) < 0)
		return -ENOENT;
	pidfd = proc_pin((pid_t)pid);
	if (pidfd < 0 || proc_stat((pid_t)pid, &st) < 0)
		return -ENOENT;
	if (pid == getpid())
		return err_set(err, EINVAL, "process %d is ksm-hook itself", (int)pid);
	if (st.kernel_thread)
		return err_set(err, EINVAL, "process %d is a thread of the kernel", (int)pid);
	*t = (struct target){ .kind = TARGET_PID, .pid = (pid_t)pid, .start = st.start };
	return 0;
}

static int is_in_cgroup(pid_t pid, void *arg)
{
	return is_meant_by(arg, pid) && is_another_process(pid);
}

static int cgroup_target(struct target *t, const char *word, struct error *err)
{
	size_t len = strlen(word);
	int r;

	while (len && word[len - 1] == '/')
		len--;
	if (!len)
		return err_set(err, EINVAL, "the cgroup / is the whole host");
	*t = (struct target){ .kind = TARGET_CGROUP, .path = word, .path_len = len };
	r = for_each_pid(is_in_cgroup, t, err);
	if (r < 0)
		return r;
	return r ? 0 :
		   err_set(err, ENOENT,
			   "there is no process in a cgroup %s (/proc/PID/cgroup has the "
			   "names)",
			   word);
}

/*
 * A number is a process id, but LXC and OpenVZ containers are named by numbers as well: where
 * it is both, it has to be said which.
 */
static int resolve_word(struct target *t, const char *word, const struct container_list *c,
			struct error *err)
{
	struct error no_container;
	ssize_t at;
	int r;

	if (word[0] == '/')
		return cgroup_target(t, word, err);
	if (strncmp(word, "pid:", 4) == 0) {
		r = pid_target(t, word + 4, err);
		if (r == -ENOENT)
			err_set(err, ENOENT, "there is no process \"%s\"", word + 4);
		return r;
	}
	at = container_choose(c->c, c->n, word, &no_container);
	r = pid_target(t, word, err);
	/* of ids of 64 digits a part may look like a number by chance, and is none */
	if (r == 0 && at >= 0 && strlen(c->c[at].name.id) != strlen(word) &&
	    strncmp(c->c[at].name.id, word, strlen(word)) == 0)
		at = -ENOENT;
	if (r == 0 && at >= 0)
		return err_set(err, EEXIST,
			       "\"%s\" is a process and a container: say pid:%s or %s:%s", word,
			       word, c->c[at].name.engine, word);
	if (r != -ENOENT)
		return r;
	if (at < 0) {
		*err = no_container;
		if (at == -ENOENT && strspn(word, "0123456789") == strlen(word))
			err_wrap(err, 0, "there is no process %s", word);
		return (int)at;
	}
	*t = (struct target){ .kind = TARGET_CONTAINER, .name = c->c[at].name };
	return 0;
}

static bool is_listed(const struct target_set *set, const struct target *t)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct target *o = &set->t[i];

		if (t->kind == TARGET_PID && o->kind == TARGET_PID && o->pid == t->pid)
			return true;
	}
	return false;
}

int target_resolve(struct target_set *set, char *const *words, size_t n, bool all,
		   struct error *err)
{
	struct container_list c = { 0 };
	int r = 0;

	set->n = 0;
	set->t = calloc(n + 1, sizeof(*set->t));
	if (!set->t)
		return err_set(err, ENOMEM, "out of memory");
	if (all) {
		set->t[0].kind = TARGET_ALL;
		if (!container_of(getpid(), &set->t[0].name))
			set->t[0].name = (struct container_name){ "", "" };
		set->n = 1;
		return 0;
	}
	r = container_list_read(&c, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct target *t = &set->t[set->n];

		r = resolve_word(t, words[i], &c, err);
		set->n += r == 0 && !is_listed(set, t);
	}
	free(c.c);
	return r;
}

void target_free(struct target_set *set)
{
	free(set->t);
	set->t = NULL;
	set->n = 0;
}
