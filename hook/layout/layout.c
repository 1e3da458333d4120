/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give a container the address-space layout of its group: personality(ADDR_NO_RANDOMIZE), by
 * which the kernel places everything by rule, and the group's stack limit, which the rule
 * depends on and only the group knows. Children and further programs inherit both.
 */
#include "layout/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/patience.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/userns.h"
#include "layout/layout_of.h"
#include "policy/layout_policy.h"

/* runc's init has about six threads, of which any may be the one that executes the workload. */
#define THREADS_MAX 64
/* A thread may be made, by one that has not had its turn, while we look. */
#define PASSES_MAX        4
#define THREAD_TIMEOUT_MS 1000
/* A bundle on a file system of a server (FUSE, NFS) that does not answer. */
#define BUNDLE_TIMEOUT_MS 1000

/* Where each thread's stack is charged in full, a thousand threads would be a terabyte. */
static int check_host(struct error *err)
{
	char text[8];

	if (read_kernel_file("/proc/sys/vm/overcommit_memory", text, sizeof(text)) > 0 &&
	    text[0] == '2')
		return err_set(err, ENOTSUP,
			       "with vm.overcommit_memory=2 every thread's stack would count "
			       "with the group's stack limit");
	return group_check_machine(err);
}

/* The limit is raised, never lowered, and not past what the container may have. */
static int check_limits(pid_t pid, const struct group_secrets *g, struct rlimit *stack,
			struct error *err)
{
	struct rlimit as = { 0 };

	if (prlimit(pid, RLIMIT_STACK, NULL, stack) < 0 ||
	    prlimit(pid, RLIMIT_AS, NULL, &as) < 0)
		return err_errno(err, errno, "prlimit of process %d", pid);
	if (as.rlim_cur != RLIM_INFINITY)
		return err_set(err, ENOTSUP, "it has a limit on its address space");
	if (stack->rlim_cur > g->stack)
		return err_set(err, ENOTSUP, "its stack limit is higher than the group's");
	if (stack->rlim_max < g->stack)
		return err_set(err, ENOTSUP, "its hard stack limit is lower than the group's");
	return 0;
}

static int ended(pid_t pid, struct error *err)
{
	return err_reason(err, REASON_INIT_GONE,
			  err_set(err, ESRCH, "process %d has ended", pid));
}

/*
 * By number, as the kernel has it: of the right process, as long as that is there. A stranger that
 * got the number in between has its own limit back.
 */
static int raise_limit(const struct inject_target *t, const struct group_secrets *g,
		       struct error *err)
{
	struct rlimit stack = { 0 }, before;
	int r = check_limits(t->pid, g, &stack, err);

	if (r < 0)
		return r;
	before = stack;
	stack.rlim_cur = g->stack;
	if (!proc_is_there(t->pidfd))
		return ended(t->pid, err);
	if (prlimit(t->pid, RLIMIT_STACK, &stack, NULL) < 0)
		return err_errno(err, errno, "prlimit(RLIMIT_STACK) of process %d", t->pid);
	if (proc_is_there(t->pidfd))
		return 0;
	(void)prlimit(t->pid, RLIMIT_STACK, &before, NULL);
	return ended(t->pid, err);
}

/* The threads of target that still have to get it, each a target of its own. */
struct thread_list {
	const struct inject_target *target;
	struct inject_target *thread;
	size_t n;
	long personality; /* of the last one */
};

static pid_t number_in_proc(const struct inject_target *t)
{
	return t->proc_pid ? t->proc_pid : t->pid;
}

static int list_thread(pid_t tid, void *arg)
{
	struct thread_list *l = arg;
	const struct inject_target *t = l->target;
	long p = layout_personality(number_in_proc(t), tid);

	if (p < 0 || ((unsigned long)p & LAYOUT_NO_RANDOMIZE))
		return 0;
	/* of another pid namespace's numbers only the leader's is known */
	if (l->n == THREADS_MAX || (t->proc_pid && tid != t->proc_pid))
		return -E2BIG;
	l->personality = p;
	l->thread[l->n] = *t;
	l->thread[l->n++].tid = t->proc_pid ? 0 : tid;
	return 0;
}

/* -errno, or their number. */
static ssize_t list_threads(const struct inject_target *t, struct inject_target *out,
			    long *personality, struct error *err)
{
	struct thread_list l = { .target = t, .thread = out };
	int r = proc_for_each_thread(number_in_proc(t), list_thread, &l);

	if (r == -E2BIG)
		return err_set(err, E2BIG, "it has too many threads");
	if (r < 0)
		return err_errno(err, -r, "threads of process %d", number_in_proc(t));
	if (l.n > 0)
		*personality = l.personality;
	return (ssize_t)l.n;
}

/*
 * With merge, each of the threads asks for merging too, which spares the init a second
 * tracer; *merged is set when one has.
 */
static int inject(const struct inject_target *t, bool merge, bool *merged, struct error *err)
{
	static struct inject_target thread[THREADS_MAX];
	long personality = 0;

	for (int i = 0; i < PASSES_MAX; i++) {
		struct inject_call call[] = { { .nr = INJECT_PERSONALITY },
					      { PR_SET_MEMORY_MERGE, 1 } };
		ssize_t n = list_threads(t, thread, &personality, err);
		int r, stopped_us = 0;

		if (n <= 0)
			return (int)n;
		call[0].arg1 = (unsigned long)personality | LAYOUT_NO_RANDOMIZE;
		r = inject_run(thread, (size_t)n, call, merge ? 2 : 1, THREAD_TIMEOUT_MS, err);
		for (ssize_t k = 0; k < n && r == 0; k++) {
			if (thread[k].result == 0 || thread[k].result == -ESRCH)
				continue;
			*err = thread[k].err;
			r = thread[k].result;
		}
		if (r < 0)
			return r;
		for (ssize_t k = 0; k < n; k++) {
			stopped_us += thread[k].stopped_us;
			*merged = *merged || (merge && thread[k].result == 0);
		}
		log_debug("%zd threads were stopped for %d us in all", n, stopped_us);
	}
	return err_set(err, EAGAIN, "it makes threads faster than they can be changed");
}

/* In the child of patience_run(). */
struct bundle_check {
	const char *bundle;
	int result; /* of the look, where that came to its end: 0 with blocker, -errno with err */
	enum reason blocker;
	struct error err;
};

static int examine_bundle(struct bundle_check *c)
{
	__cleanup(close_fd) int dir = open(c->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *text = malloc(JSON_SCAN_MAX + 1);
	ssize_t n;

	if (!text)
		return err_set(&c->err, ENOMEM, "memory for %s/config.json", c->bundle);
	n = dir < 0 ? err_errno(&c->err, errno, "%s", c->bundle) :
		      read_regular_file(dir, "config.json", FILE_UNTRUSTED, text, JSON_SCAN_MAX,
					&c->err);
	if (n >= 0)
		c->blocker = layout_blocker(text, (size_t)n);
	free(text);
	return n < 0 ? (int)n : 0;
}

static int run_bundle_check(void *arg)
{
	struct bundle_check *c = arg;

	c->result = examine_bundle(c);
	return 0;
}

/* What the runtime is going to do is in config.json: if that cannot be read, it may be anything. */
static int check_bundle(const char *bundle, struct error *err)
{
	struct bundle_check *c = patience_memory(sizeof(*c));
	enum reason blocker = REASON_NONE;
	int r;

	if (!c)
		return err_set(err, ENOMEM, "memory for %s/config.json", bundle);
	c->bundle = bundle;
	r = patience_run(run_bundle_check, c, BUNDLE_TIMEOUT_MS);
	if (r < 0) {
		err_errno(err, -r, "%s/config.json", bundle);
	} else if (c->result < 0) {
		r = c->result;
		*err = c->err;
	} else {
		blocker = c->blocker;
	}
	patience_free(c, sizeof(*c));
	if (r < 0)
		return err_reason(err, REASON_SPEC_UNREADABLE, r);
	if (blocker == REASON_NONE)
		return 0;
	return err_reason(err, blocker,
			  err_set(err, ENOTSUP, "%s", layout_blocker_text(blocker)));
}

static void stays_private(enum reason reason, const char *why)
{
	/* who did not ask for it need not hear of each that has no image */
	log_reason(reason == REASON_LAYOUT_IMAGE_UNKNOWN ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		   reason, "its layout is not shared: %s", why);
}

/* True, or said why not. */
static bool is_shared(const struct decision *d)
{
	if (d->unshared_reason != REASON_NONE)
		stays_private(d->unshared_reason, d->unshared);
	return d->group[0] != '\0';
}

/*
 * The limit comes first and stays whatever follows: a thread without randomization that has
 * it not would have the layout that everybody knows.
 */
static int start_shared(const struct decision *d, const char *id, const char *bundle,
			const struct inject_target *t, bool merge, bool *merged,
			struct error *err)
{
	const struct group_joiner who = { .id = id, .pid = number_in_proc(t) };
	struct group_secrets g = { 0 };
	int r = check_host(err);

	if (r == 0 && bundle)
		r = check_bundle(bundle, err);
	if (r == 0)
		r = group_join(userns_owner(), d->group, &who, &g, err);
	if (r < 0)
		return r;
	r = raise_limit(t, &g, err);
	if (r < 0) {
		group_leave(userns_owner(), d->group, &who);
		return r;
	}
	return inject(t, merge, merged, err);
}

bool layout_start(const struct decision *d, const char *id, const char *bundle,
		  const struct inject_target *t, bool merge)
{
	bool merged = false;
	struct error err;

	if (!is_shared(d))
		return false;
	if (start_shared(d, id, bundle, t, merge, &merged, &err) < 0)
		stays_private(err.reason, err.msg);
	else
		log_info("shares the layout of %s", d->group);
	return merged;
}

static int become(const struct group_secrets *g, struct error *err)
{
	struct rlimit stack = { 0 };
	int old, r = check_limits(0, g, &stack, err);

	if (r < 0)
		return r;
	stack.rlim_cur = g->stack;
	if (setrlimit(RLIMIT_STACK, &stack) < 0)
		return err_errno(err, errno, "setrlimit(RLIMIT_STACK)");
	old = personality(0xffffffff);
	if (old < 0 || personality((unsigned long)old | LAYOUT_NO_RANDOMIZE) < 0)
		return err_errno(err, errno, "personality");
	return 0;
}

static void take_seeds(const struct decision *d, const struct group_secrets *g,
		       struct layout_seeds *out)
{
	out->v8[0] = '\0';
	if (d->v8 && g->v8)
		snprintf(out->v8, sizeof(out->v8), "KSM_PRELOAD_V8_SEED=%u", g->v8);
	snprintf(out->python, sizeof(out->python), "PYTHONHASHSEED=%u", g->python);
	snprintf(out->perl, sizeof(out->perl), "PERL_HASH_SEED=%s", g->perl);
}

bool layout_become(const struct decision *d, const char *id, const char *place,
		   struct layout_seeds *seeds)
{
	const struct group_joiner who = { .id = id, .place = place };
	struct group_secrets g = { 0 };
	struct error err;
	int r;

	if (!is_shared(d))
		return false;
	r = check_host(&err);
	if (r == 0)
		r = group_join(userns_owner(), d->group, &who, &g, &err);
	if (r == 0) {
		r = become(&g, &err);
		if (r < 0)
			group_leave(userns_owner(), d->group, &who);
	}
	if (r < 0) {
		stays_private(err.reason, err.msg);
		return false;
	}
	take_seeds(d, &g, seeds);
	log_info("shares the layout of %s", d->group);
	return true;
}

int layout_reserve(const struct decision *d, const char *id, struct layout_seeds *out)
{
	const struct group_joiner who = { .id = id[0] ? id : "(reserved)" };
	struct group_secrets g = { 0 };
	struct error err;
	int r;

	r = check_host(&err);
	if (r == 0)
		r = group_join(userns_owner(), d->group, &who, &g, &err);
	if (r < 0) {
		stays_private(err.reason, err.msg);
		return r;
	}
	take_seeds(d, &g, out);
	return 0;
}

void layout_session(pid_t pid)
{
	struct group_secrets g;
	struct error err;

	/* it is asked, not believed: the limit has to be the secret of a group */
	if (layout_secrets_of(pid, NULL, 0, &g) && become(&g, &err) < 0)
		log_info("the exec session does not share the layout: %s", err.msg);
}

void layout_end(const char *group, const char *id, const char *place)
{
	group_forget_ended(userns_owner(), group, id, place);
}
