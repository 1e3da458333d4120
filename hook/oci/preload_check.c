/* SPDX-License-Identifier: Apache-2.0 */
/* Can a container's program load the preload library, and would it be let do its work? */
#include "oci/preload_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/macros.h"
#include "oci/entrypoint.h"

/* The files that podman would mount and the program would load. */
static int check_library(const char *path, struct elf_kind *kind, struct error *err)
{
	__cleanup(close_fd) int fd = -1;
	struct stat st;

	/* it goes into JSON as it stands */
	for (const char *p = path; *p; p++) {
		if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\')
			path = "";
	}
	if (*path != '/')
		return err_set(err, EINVAL,
			       "the library's path is not absolute and plain ASCII");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || elf_read(fd, kind) < 0)
		return err_set(err, EINVAL, "%s: is not a library", path);
	if ((st.st_mode & 0444) != 0444)
		return err_set(err, EACCES, "%s: not everybody can read it: chmod 755 it",
			       path);
	return 0;
}

/* What the profile lets the library do, where the kernel has the prctl and where not. */
static int check_profile(const struct spec *s, enum probe_way way, struct error *err)
{
	static const char *const call_names[PROFILE_CALLS] = {
		[PROFILE_PRCTL_GET] = "prctl(PR_GET_MEMORY_MERGE)",
		[PROFILE_PRCTL_OFF] = "prctl(PR_SET_MEMORY_MERGE, 0)",
		[PROFILE_PRCTL_ON] = "prctl(PR_SET_MEMORY_MERGE, 1)",
		[PROFILE_MADVISE] = "madvise(MADV_MERGEABLE)",
	};

	for (int i = 0; i < PROFILE_CALLS; i++) {
		bool needed = (i == PROFILE_MADVISE) == (way == PROBE_MADVISE);

		if (s->profile[i] == PROFILE_KILLS)
			return err_reason(err, REASON_PRELOAD_SECCOMP_KILLS,
					  err_set(err, EPERM,
						  "its seccomp profile would kill a program "
						  "for %s; allow that call",
						  call_names[i]));
		if (needed && s->profile[i] == PROFILE_REFUSES)
			return err_reason(
				err, REASON_PRELOAD_SECCOMP_REFUSES,
				err_set(err, EPERM,
					"its seccomp profile refuses %s; allow that call",
					call_names[i]));
	}
	return 0;
}

int preload_fits(const char *path, const struct spec *s, enum probe_way way, struct error *err)
{
	const struct entrypoint at = { s->root, s->program, s->path, s->cwd, &s->bind };
	struct elf_kind library;
	int r;

	if (way == PROBE_NO_KSM)
		return err_reason(err, REASON_KERNEL_NO_KSM,
				  err_set(err, ENOSYS, "this kernel has no KSM (CONFIG_KSM)"));
	if (s->blocker.reason != REASON_NONE) {
		*err = s->blocker;
		return -EINVAL;
	}
	r = check_profile(s, way, err);
	if (r == 0) {
		r = check_library(path, &library, err);
		if (r < 0)
			err->reason = REASON_PRELOAD_LIBRARY;
	}
	if (r == 0)
		r = entrypoint_check(&at, &library, err);
	return r;
}
