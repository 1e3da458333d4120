/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container that an exec session goes into, as its runtime has written it down. The place
 * comes from the command line and, for some, from the environment of whoever called: root
 * believes what only root could have written there.
 */
#include "oci/runtime_session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/proc.h"
#include "kernel/userns.h"
#include "oci/decision.h"

#define PARSE_TIMEOUT_MS 1000

/* runc's libcontainer and crun have a process's start as field 22 of its stat (proc(5)) */
static int visit_state(void *arg, const struct json_path *path, const struct json_value *v,
		       struct error *err)
{
	struct container_decision *out = arg;
	int64_t n;

	(void)err;
	if (v->type != JSON_NUMBER || parse_int(v->text, v->len, 1, INT64_MAX, &n) < 0)
		return 0;
	if ((json_path_is(path, "init_process_pid", NULL) || json_path_is(path, "pid", NULL)) &&
	    n <= INT_MAX)
		out->pid = (pid_t)n;
	if (json_path_is(path, "init_process_start", NULL) ||
	    json_path_is(path, "process-start-time", NULL))
		out->start = (uint64_t)n;
	return 0;
}

/* In the sandbox: what stands in it of the container's configuration is a tenant's. */
static int read_init(const struct decision_request *request, const struct policy_config *policy,
		     struct container_decision *out, struct error *err)
{
	(void)policy;
	return json_scan("state", request->text, request->len, visit_state, NULL, out, err);
}

/* What may be: the name a link, the directory a sticky one that all may write to. */
enum { ALLOW_LINK = 1, ALLOW_STICKY = 2 };

/*
 * A directory that nobody but root and ourselves can put anything into; -errno with err. In a
 * sticky one (/run on a tmpfs mounted without a mode) nobody can put something in place of what
 * is ours, and its owner is asked for in turn.
 */
static int open_state_dir(int at, const char *name, int allow, struct error *err)
{
	__cleanup(close_fd) int fd = openat(at, name,
					    O_PATH | O_DIRECTORY | O_CLOEXEC |
						    (allow & ALLOW_LINK ? 0 : O_NOFOLLOW));
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", name);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    ((st.st_mode & (S_IWGRP | S_IWOTH)) &&
	     !(allow & ALLOW_STICKY && st.st_mode & S_ISVTX)))
		return err_set(err, EPERM,
			       "%s: is not the runtime's own: it belongs to, or can be "
			       "written by, somebody else",
			       name);
	return steal_fd(&fd);
}

/* From the runtime's state; -ENOENT where there is none of this container. */
static int read_recorded(int root, const char *id, struct container_decision *c,
			 struct error *err)
{
	static const char *const names[] = { "state.json", "status" };
	static const struct policy_config nothing;
	__cleanup(close_fd) int dir = open_state_dir(root, id, 0, err);
	/* mapped, not static: the other commands have no use for it */
	char *text = dir < 0 ? NULL :
			       mmap(NULL, JSON_SCAN_MAX + 1, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n = -ENOENT;
	int r;

	if (dir < 0)
		return dir;
	if (text == MAP_FAILED)
		return err_errno(err, errno, "memory for %u bytes", JSON_SCAN_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(names) && n == -ENOENT; i++)
		n = read_regular_file(dir, names[i], FILE_TRUSTED, text, JSON_SCAN_MAX, err);
	r = (int)n;
	if (n >= 0) {
		const struct decision_request state = { .policy = &nothing,
							.text = text,
							.len = (size_t)n,
							.reader = read_init,
							.timeout_ms = PARSE_TIMEOUT_MS };

		r = decision_make(&state, c, err);
	}
	munmap(text, JSON_SCAN_MAX + 1);
	return r;
}

static int read_in(int at, const char *root, const char *id, struct container_decision *c,
		   struct error *err)
{
	__cleanup(close_fd) int fd =
		open_state_dir(at, root, at == AT_FDCWD ? ALLOW_LINK : 0, err);

	return fd < 0 ? fd : read_recorded(fd, id, c, err);
}

/* runc's root does not look there (utils_linux.go), crun does for everybody (status.c) */
static bool looks_in_xdg(const char *runtime)
{
	return strcmp(runtime, "runc") != 0 || geteuid() != 0 || !userns_is_initial();
}

/* Where the runtimes keep it if --root does not say. */
static int find_recorded(const char *id, const char *runtime, struct container_decision *c,
			 struct error *err)
{
	static const char *const runtimes[] = { "runc", "crun" };
	const char *const dirs[] = { getenv("XDG_RUNTIME_DIR"), "/run" };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == -ENOENT; i++) {
		__cleanup(close_fd) int dir =
			dirs[i] && *dirs[i] ? open_state_dir(AT_FDCWD, dirs[i],
							     ALLOW_LINK | ALLOW_STICKY, err) :
					      -ENOENT;

		/* somebody else's keeps nobody from the right one */
		for (size_t k = 0; dir >= 0 && k < ARRAY_SIZE(runtimes) && r == -ENOENT; k++) {
			if ((!runtime || strcmp(runtimes[k], runtime) == 0) &&
			    (i > 0 || looks_in_xdg(runtimes[k])))
				r = read_in(dir, runtimes[k], id, c, err);
		}
	}
	return r;
}

int session_find_init(const struct argv_facts *facts, const char *runtime,
		      struct session_init *out, struct error *err)
{
	static struct container_decision c;
	const char *id = facts->id;
	struct proc_stat st;
	int r;

	*out = (struct session_init){ .pidfd = -1 };
	if (!id || strchr(id, '/') || id[0] == '.' || !id[0])
		return err_set(err, ENOENT, "no container is named");
	r = facts->root ? read_in(AT_FDCWD, facts->root, id, &c, err) :
			  find_recorded(id, runtime, &c, err);
	if (r < 0)
		return r;
	if (c.pid == 0 || c.start == 0)
		return err_set(err, ESRCH, "its runtime has recorded no process");
	out->pidfd = proc_pin(c.pid);
	if (out->pidfd < 0 || proc_stat(c.pid, &st) < 0 || st.start != c.start) {
		close_fd(&out->pidfd);
		out->pidfd = -1;
		return err_set(err, ESRCH,
			       "process %d is not the one that its runtime has recorded",
			       c.pid);
	}
	out->pid = c.pid;
	return 0;
}

bool session_init_lives(const struct session_init *init)
{
	return proc_is_there(init->pidfd);
}
