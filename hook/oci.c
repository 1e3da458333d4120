/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stages: createRuntime and prestart inject, poststart verifies and repairs. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "applets.h"
#include "hook.h"
#include "inject.h"
#include "ksm.h"
#include "proc.h"

/* A runtime's init waits in read(): it enters the kernel when asked to, or never. */
#define INIT_TIMEOUT_MS 1000
/* A workload may be busy; poststart must not hold up the start for long. */
#define REPAIR_TIMEOUT_MS 250
/* How long poststart waits for the runtime's init to become the workload. */
#define EXEC_WAIT_MS 1000
/* Processes that poststart looks at in one pass, and passes. */
#define PROCESSES_MAX 512
#define PASSES_MAX    8

static const struct inject_call merge_call[] = { { PR_SET_MEMORY_MERGE, 1 } };
/*
 * Off and on again: where the mark survived exec but ksmd lost the process (Linux 6.7 to
 * 6.9, mended by 3a9e567ca45f), setting it a second time does nothing.
 */
static const struct inject_call again_calls[] = { { PR_SET_MEMORY_MERGE, 0 },
						  { PR_SET_MEMORY_MERGE, 1 } };

/* How far above the hook the runtime is looked for: a shell or two may stand between. */
#define ANCESTORS_MAX 4

/*
 * The init of a container that is being created is a child of the runtime, and so are we:
 * any other pid is a mistake (or a hypervisor's), and root should not act on it.
 */
static int check_is_ours(pid_t pid, struct error *err)
{
	struct proc_stat target, st;
	pid_t ancestor = getppid();

	if (proc_stat(pid, &target) < 0)
		return err_set(err, ESRCH, "there is no process %d", pid);
	if (target.kernel_thread)
		return err_set(err, EINVAL, "process %d is a kernel thread", pid);
	for (int i = 0; i < ANCESTORS_MAX && ancestor > 1; i++) {
		if (target.ppid == ancestor && pid != getpid())
			return 0;
		if (proc_stat(ancestor, &st) < 0)
			break;
		ancestor = st.ppid;
	}
	return err_set(err, EPERM,
		       "process %d is not a child of the runtime that called this hook", pid);
}

/* 0 with *fd, the process pinned; its number means no other from here on. */
static int pin(pid_t pid, int *fd, struct error *err)
{
	*fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*fd >= 0)
		return 0;
	if (errno == ESRCH || errno == EINVAL)
		return err_set(err, ESRCH, "there is no process %d", pid);
	return err_errno(err, errno, "pidfd_open of process %d", pid);
}

static int inject_init(pid_t pid, struct error *err)
{
	__cleanup(close_fd) int pidfd = -1;
	struct inject_target t = { .pid = pid };
	int r;

	if (pid == 0)
		return err_set(err, EINVAL,
			       "container state: has no process yet (\"pid\" is missing or 0); "
			       "register the hook for createRuntime, not createContainer");
	r = pin(pid, &pidfd, err);
	if (r == 0)
		r = check_is_ours(pid, err);
	if (r < 0)
		return r;
	t.pidfd = pidfd;
	r = inject_run(&t, 1, merge_call, ARRAY_SIZE(merge_call), INIT_TIMEOUT_MS, err);
	if (r == 0 && t.result < 0) {
		*err = t.err;
		r = t.result;
	}
	if (r < 0)
		return err_wrap(err, r, "the container's init");
	log_debug("the init was stopped for %d us", t.stopped_us);
	return 0;
}

int applet_create_runtime(int argc, char **argv)
{
	struct hook_verdict v;
	struct error err;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	if (v.decision.method == METHOD_PRELOAD) {
		log_info("method preload: nothing to do at this stage");
		return 0;
	}
	if (inject_init(v.pid, &err) < 0)
		return hook_failed(&v, &err);
	log_info("made mergeable");
	return 0;
}

/*
 * Is the container's init still the runtime's program? A runtime may run poststart before
 * its init has executed the workload, and a mark that exec will lose looks fine until then.
 * runc's init runs from a copy, so size tells what device and inode do not.
 */
static bool is_still_runtime(pid_t pid)
{
	char init[32], parent[32];
	struct stat a, b;

	snprintf(init, sizeof(init), "/proc/%d/exe", pid);
	snprintf(parent, sizeof(parent), "/proc/%d/exe", getppid());
	return stat(init, &a) == 0 && stat(parent, &b) == 0 && a.st_size == b.st_size;
}

static void wait_for_exec(pid_t pid)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int64_t deadline = now_ms() + EXEC_WAIT_MS;

	while (is_still_runtime(pid) && now_ms() < deadline)
		nanosleep(&ms, NULL);
}

/* Add the children of all threads of pid. Returns the new number of processes in list. */
static size_t add_children(pid_t pid, pid_t *list, size_t n)
{
	char path[48], *text = NULL, *p, *end;
	size_t room = 0;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return n;
	while ((e = readdir(dir)) != NULL) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, atoi(e->d_name));
		f = atoi(e->d_name) > 0 ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		if (getline(&text, &room, f) > 0) {
			for (p = text; n < PROCESSES_MAX; p = end) {
				pid_t child = (pid_t)strtol(p, &end, 10);

				if (end == p)
					break;
				list[n++] = child;
			}
		}
		fclose(f);
	}
	free(text);
	closedir(dir);
	return n;
}

/* The init and all that descends from it. */
static size_t processes_of(pid_t init, pid_t *list)
{
	size_t n = 1;

	list[0] = init;
	for (size_t i = 0; i < n; i++)
		n = add_children(list[i], list, n);
	return n;
}

struct repair {
	size_t seen, lost, repaired, failed;
	struct error err; /* of the last that failed */
};

/* One look at every process; those that are not mergeable are repaired. */
static void pass(pid_t init, struct repair *r)
{
	static pid_t list[PROCESSES_MAX];
	static struct inject_target targets[PROCESSES_MAX];
	size_t n = processes_of(init, list), n_targets = 0;
	bool seen = true;

	r->seen = n;
	r->lost = r->repaired = r->failed = 0;
	for (size_t i = 0; i < n; i++) {
		struct inject_target *t = &targets[n_targets];
		bool told;
		enum ksm_flag flag = ksm_process_flag(list[i], &told);

		if (flag == KSM_YES && told)
			continue;
		*t = (struct inject_target){ .pid = list[i] };
		if (pin(list[i], &t->pidfd, &r->err) < 0)
			continue; /* it has ended */
		seen = seen && told;
		r->lost += flag != KSM_YES;
		n_targets++;
	}
	if (n_targets == 0)
		return;
	if (inject_run(targets, n_targets, again_calls, ARRAY_SIZE(again_calls),
		       REPAIR_TIMEOUT_MS, &r->err) < 0)
		r->failed = n_targets;
	for (size_t i = 0; i < n_targets; i++) {
		close(targets[i].pidfd);
		if (r->failed == n_targets || targets[i].result == -ESRCH)
			continue;
		if (targets[i].result == 0) {
			r->repaired++;
			continue;
		}
		r->failed++;
		r->err = targets[i].err;
		err_wrap(&r->err, 0, "process %d", targets[i].pid);
	}
	/* where the kernel does not tell, a second look would find the same again */
	if (!seen)
		r->lost = 0;
}

int applet_poststart(int argc, char **argv)
{
	struct hook_verdict v;
	struct repair r = { 0 };
	size_t lost = 0, repaired = 0;
	struct error err;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	if (v.decision.method == METHOD_PRELOAD)
		return 0;
	if (v.pid <= 1) {
		err_set(&err, EINVAL, "container state: \"pid\" is missing or 0");
		return hook_failed(&v, &err);
	}
	wait_for_exec(v.pid);
	/* a process that forks while we look has to be caught in the next pass */
	for (int i = 0; i < PASSES_MAX; i++) {
		pass(v.pid, &r);
		lost += r.lost;
		repaired += r.repaired;
		if (r.lost == 0 || r.failed)
			break;
	}
	if (lost)
		log_info("%zu processes had lost the mark, %zu were repaired", lost, repaired);
	log_debug("%zu processes looked at", r.seen);
	return r.failed ? hook_failed(&v, &r.err) : 0;
}

int applet_poststop(int argc, char **argv)
{
	struct hook_verdict v;
	int status;

	/* nothing is kept per container, so there is nothing to undo but to say so */
	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	return 0;
}
