/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stage poststart: verify that every process is mergeable, repair what is not. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "hook.h"
#include "inject.h"
#include "ksm.h"
#include "proc.h"

/* A workload may be busy; poststart must not hold up the start for long. */
#define REPAIR_TIMEOUT_MS 250
/* How long poststart waits where the runtime has let its init go (crun). */
#define EXEC_WAIT_MS 1000
/* How long it waits behind the start where the init is still held (runc). */
#define START_WAIT_MS 60000
/* Processes that one pass looks at, and passes. */
#define PROCESSES_MAX 512
#define PASSES_MAX    8

/*
 * Off and on again: where the mark survived exec but ksmd lost the process (Linux 6.7 to
 * 6.9, mended by 3a9e567ca45f), setting it a second time does nothing.
 */
static const struct inject_call again_calls[] = { { PR_SET_MEMORY_MERGE, 0 },
						  { PR_SET_MEMORY_MERGE, 1 } };

/* The size of the program that a process executes; -1 when it is gone. */
static off_t program_size(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

/*
 * Wait until the init executes another program than the runtime's, which is runtime_size
 * bytes long (runc's init runs from a copy, so device and inode would not tell). False when
 * it has ended or the time is over.
 */
static bool wait_for_exec(pid_t pid, int pidfd, off_t runtime_size, int timeout_ms)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int64_t deadline = now_ms() + timeout_ms;
	int nap = 1;

	while (program_size(pid) == runtime_size) {
		if (now_ms() >= deadline || poll(&ended, 1, nap) > 0)
			return false;
		nap = nap < 50 ? nap * 2 : 50;
	}
	return true;
}

/* Add the children of all threads of pid. Returns the new number of processes in list. */
static size_t add_children(pid_t pid, pid_t *list, size_t n)
{
	char path[48], *text = NULL, *end;
	size_t room = 0;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return n;
	while ((e = readdir(dir)) != NULL) {
		pid_t tid = atoi(e->d_name);
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
		f = tid > 0 ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		if (getline(&text, &room, f) > 0) {
			for (char *p = text; n < PROCESSES_MAX; p = end) {
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
	size_t lost, repaired, failed;
	struct error err; /* of the last that failed */
};

/* Pick out the processes that are not mergeable, or of which the kernel does not say so. */
static size_t find_lost(pid_t init, struct inject_target *targets, size_t *lost)
{
	static pid_t list[PROCESSES_MAX];
	size_t n = processes_of(init, list), found = 0;

	*lost = 0;
	for (size_t i = 0; i < n; i++) {
		bool told;
		enum ksm_flag flag = ksm_process_flag(list[i], &told);
		int pidfd = flag == KSM_YES && told ? -ESRCH : proc_pin(list[i]);

		if (pidfd < 0)
			continue;
		targets[found++] = (struct inject_target){ .pid = list[i], .pidfd = pidfd };
		*lost += told;
	}
	return found;
}

/* One look at every process; those that are not mergeable are repaired. */
static void pass(pid_t init, struct repair *r)
{
	static struct inject_target targets[PROCESSES_MAX];
	size_t n = find_lost(init, targets, &r->lost);
	bool tried;

	if (n == 0)
		return;
	tried = inject_run(targets, n, again_calls, ARRAY_SIZE(again_calls), REPAIR_TIMEOUT_MS,
			   &r->err) == 0;
	for (size_t i = 0; i < n; i++) {
		struct inject_target *t = &targets[i];

		close(t->pidfd);
		if (t->result == 0) {
			r->repaired++;
		} else if (t->result != -ESRCH) {
			r->failed++;
			if (!tried)
				continue;
			r->err = t->err;
			err_wrap(&r->err, 0, "process %d", t->pid);
		}
	}
}

/* Look until a pass finds nothing: a process may fork while we look. */
static struct repair verify(pid_t init)
{
	struct repair r = { 0 };

	for (int i = 0; i < PASSES_MAX; i++) {
		pass(init, &r);
		/* where the kernel does not tell, a second look would find the same again */
		if (r.lost == 0 || r.failed)
			break;
	}
	if (r.repaired)
		log_info("%zu processes were without the mark and have it now", r.repaired);
	return r;
}

/*
 * runc runs poststart hooks at the end of `create`, when its init has not executed the
 * workload yet and nothing can have been lost: wait for that in a process of its own, so
 * that the start goes on. It holds no descriptor an engine could wait for.
 */
static void verify_behind(const struct hook_verdict *v, int pidfd, off_t runtime_size)
{
	struct repair r;
	pid_t pid = fork();
	int null;

	if (pid != 0) {
		if (pid < 0)
			log_warning("fork of the verifier: %s", strerror(errno));
		return;
	}
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null < 0 || !wait_for_exec(v->pid, pidfd, runtime_size, START_WAIT_MS))
		_exit(0);
	r = verify(v->pid);
	if (r.failed)
		log_warning("not made mergeable: %s", r.err.msg);
	_exit(0);
}

int applet_poststart(int argc, char **argv)
{
	off_t runtime_size = program_size(getppid());
	__cleanup(close_fd) int pidfd = -1;
	struct hook_verdict v;
	struct error err;
	struct repair r;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	if (v.decision.method == METHOD_PRELOAD ||
	    (v.decision.method == METHOD_AUTO && ksm_self_is_merged() < 0))
		return 0; /* createRuntime has said what there is to say */
	pidfd = v.pid > 1 ? proc_pin(v.pid) : -ESRCH;
	if (pidfd < 0) {
		err_set(&err, -pidfd, "there is no process %d", v.pid);
		return hook_failed(&v, &err);
	}
	if (program_size(v.pid) == runtime_size && !v.running) {
		verify_behind(&v, pidfd, runtime_size);
		return 0;
	}
	wait_for_exec(v.pid, pidfd, runtime_size, EXEC_WAIT_MS);
	r = verify(v.pid);
	return r.failed ? hook_failed(&v, &r.err) : 0;
}
