/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --way: whether to reach into a container, or to have it make itself mergeable. */
#include "applets/nri_way.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"

#define LIBRARY_NAME "libksm_preload.so"
/* Some times what they are. */
#define SHARED_MAX (32u << 20)

static bool may_trace(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { 0 };

	return syscall(SYS_capget, &header, have) == 0 &&
	       have[0].effective & 1u << CAP_SYS_PTRACE;
}

/* 0: it is not in our pid namespace, in which the numbers mean something that it says. */
static pid_t runtime_pid(int runtime)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return getsockopt(runtime, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

static bool is_same_file(pid_t runtime, const char *path)
{
	char theirs[PATH_MAX];
	struct stat a, b;

	return snprintf(theirs, sizeof(theirs), "/proc/%d/root%s", runtime, path) <
		       (int)sizeof(theirs) &&
	       stat(path, &a) == 0 && stat(theirs, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * Does what lies here have the same path for the runtime? A mount of what it does not find would
 * keep the container from starting. Where that cannot be seen it is not so.
 */
static void look_from_runtime(struct nri_way *w, int runtime)
{
	pid_t pid = runtime_pid(runtime);

	w->program_shared = w->share || (pid > 0 && is_same_file(pid, w->program));
	w->preload_shared = w->share || (pid > 0 && is_same_file(pid, w->preload));
}

static int copy_file(const char *from, const char *to, mode_t mode, struct error *err)
{
	char *data = malloc(SHARED_MAX + 1);
	ssize_t n =
		data ? read_regular_file(AT_FDCWD, from, FILE_SYMLINK, data, SHARED_MAX, err) :
		       err_set(err, ENOMEM, "%s: out of memory", from);
	int r = n < 0 ? (int)n : replace_file(AT_FDCWD, to, data, (size_t)n, mode, err);

	free(data);
	return r;
}

/* An image has it beside the program. */
static const char *find_library(const char *program, char *room, size_t size)
{
	const char *slash = strrchr(program, '/');

	snprintf(room, size, "%.*s/" LIBRARY_NAME, (int)(slash - program), program);
	return access(room, R_OK) == 0 ? room : PRELOAD_LIBRARY;
}

static int share_files(struct nri_way *w, const char *share, struct error *err)
{
	char own[PATH_MAX], beside[PATH_MAX];
	const char *library;
	int r;

	memcpy(own, w->program, sizeof(own));
	library = find_library(own, beside, sizeof(beside));
	if (mkdir(share, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "--share=%s", share);
	if (snprintf(w->program, sizeof(w->program), "%s/ksm-hook", share) >=
	    (int)sizeof(w->program) - (int)sizeof(LIBRARY_NAME))
		return err_set(err, ENAMETOOLONG, "--share=%s", share);
	snprintf(w->preload, sizeof(w->preload), "%s/" LIBRARY_NAME, share);
	r = copy_file(own, w->program, 0755, err);
	if (r == 0)
		r = copy_file(library, w->preload, 0755, err);
	return r < 0 ? err_wrap(err, r, "--share") : 0;
}

int nri_way_prepare(struct nri_way *w, const char *asked, const char *share, struct error *err)
{
	ssize_t n = readlink("/proc/self/exe", w->program, sizeof(w->program) - 1);

	if (n < 0)
		return err_errno(err, errno, "/proc/self/exe");
	w->program[n] = '\0';
	w->asked = asked;
	w->share = share != NULL;
	w->kernel = probe_way();
	snprintf(w->preload, sizeof(w->preload), "%s", PRELOAD_LIBRARY);
	if (share && share[0] != '/')
		return err_set(err, EINVAL, "--share=%s: an absolute path is expected", share);
	return share ? share_files(w, share, err) : 0;
}

void nri_way_choose(struct nri_way *w, int runtime)
{
	w->exec = true;
	w->why = NULL;
	look_from_runtime(w, runtime);
	if (strcmp(w->asked, "auto") != 0) {
		w->exec = strcmp(w->asked, "exec") == 0;
		w->why = "--way says so";
	} else if (w->kernel == PROBE_MADVISE || w->kernel == PROBE_NO_KSM) {
		w->why = "this kernel has no prctl(PR_SET_MEMORY_MERGE)";
	} else if (!may_trace()) {
		w->why = "CAP_SYS_PTRACE is not there";
	} else if (!runtime_pid(runtime)) {
		w->why = "the runtime is in another pid namespace (no hostPID)";
	} else {
		w->exec = false;
		w->why = "CAP_SYS_PTRACE is there, in the runtime's pid namespace";
	}
}

/* A static program that inherits to what it executes all that it takes. */
static bool program_will_do(const struct nri_way *w)
{
	return w->takes_args && w->kernel == PROBE_INHERIT && getauxval(AT_BASE) == 0;
}

void nri_way_describe(const struct nri_way *w, char *out, size_t size)
{
	if (!w->exec)
		snprintf(out, size, "way inject: %s", w->why);
	else if (program_will_do(w))
		snprintf(out, size, "way exec, by ksm-hook run in front of the arguments: %s",
			 w->why);
	else
		snprintf(out, size, "way exec, by the preload library, as %s: %s",
			 !w->takes_args ? "the runtime's NRI is older than 0.10" :
					  "a program would not do on this kernel",
			 w->why);
}

static int check_shared(bool shared, const char *path, enum reason reason, struct error *err)
{
	if (shared)
		return 0;
	return err_reason(
		err, reason,
		err_set(err, ENOENT,
			"%.150s is not seen to be the runtime's too; --share gives it a "
			"directory of the node",
			path));
}

int nri_way_use(const struct nri_way *w, const struct decision *d, enum nri_use *use,
		struct error *err)
{
	if (w->kernel == PROBE_NO_KSM)
		return err_reason(err, REASON_KERNEL_NO_KSM,
				  err_set(err, ENOSYS, "this kernel has no KSM (CONFIG_KSM)"));
	if (program_will_do(w) && d->method != METHOD_PRELOAD) {
		if (check_shared(w->program_shared, w->program, REASON_NONE, err) < 0)
			return -ENOENT;
		if (access(w->program, X_OK) < 0)
			return err_errno(err, errno, "%s", w->program);
		*use = NRI_USE_PROGRAM;
		return 0;
	}
	if (d->method == METHOD_INJECT)
		return err_reason(err, REASON_TARGET_UNTRACEABLE,
				  err_set(err, EPERM,
					  "method inject, and the agent may not do that here"));
	if (check_shared(w->preload_shared, w->preload, REASON_PRELOAD_LIBRARY, err) < 0)
		return -ENOENT;
	if (access(w->preload, R_OK) < 0)
		return err_reason(err, REASON_PRELOAD_LIBRARY,
				  err_errno(err, errno, "%s", w->preload));
	*use = NRI_USE_LIBRARY;
	return 0;
}
