/* SPDX-License-Identifier: Apache-2.0 */
/* The small read-only file system a container is given: library and ld.so.preload. */
#include "openvz.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Only root can look into it; vzctl's hosts all have /var/run. */
#define RUN_DIR   "/var/run/ksm-openvz"
#define STAGE     RUN_DIR "/stage"
#define LOCK_WAIT 10 /* seconds: each holder needs milliseconds */

#define COPY_MAX (4 << 20) /* the size of the file system, too */

const char stage_dir[] = STAGE "/lib";
const char stage_file[] = STAGE "/ld.so.preload";

/*
 * The loader replaces $PLATFORM, which tells the two ABIs apart on every x86
 * distribution; $LIB does not ("lib" is 32 bit on CentOS, 64 bit on Debian 6). The
 * kernel gives x86_64 or iN86; glibc 2.26 to 2.36 says haswell or xeon_phi instead.
 */
static const struct abi {
	const char *platform[4];
	char elf_class;
} abis[2] = {
	{ { "x86_64", "haswell", "xeon_phi" }, ELFCLASS64 },
	{ { "i686", "i586", "i486", "i386" }, ELFCLASS32 },
};

static int copy(int in, const char *to)
{
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755), rc;
	char buf[16384];
	ssize_t n;

	if (out < 0)
		return -1;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write_all(out, buf, (size_t)n) < 0)
			break;
	rc = n == 0 ? 0 : -1;
	close(out);
	return rc;
}

/* A file of the wrong class would be a complaint in every process of the container. */
static int open_library(const char *libdir, char elf_class, char *path, size_t size,
			struct error *err)
{
	char ident[EI_NIDENT];
	int fd;

	snprintf(path, size, "%s/libksm_preload.so", libdir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open the library %s", path);
	if (pread(fd, ident, sizeof(ident), 0) == sizeof(ident) &&
	    !memcmp(ident, ELFMAG, SELFMAG) && ident[EI_CLASS] == elf_class)
		return fd;
	close(fd);
	return err_set(err, EINVAL, "%s is not a library for %d bit", path,
		       elf_class == ELFCLASS64 ? 64 : 32);
}

static int add_abi(const struct abi *abi, const char *libdir, struct error *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	int fd = open_library(libdir, abi->elf_class, from, sizeof(from), err), rc = 0;

	if (fd < 0)
		return -1;
	for (int i = 0; !rc && i < 4 && abi->platform[i]; i++) {
		snprintf(to, sizeof(to), "%s/%s", stage_dir, abi->platform[i]);
		rc = i ? symlink(abi->platform[0], to) : mkdir(to, 0755);
	}
	snprintf(to, sizeof(to), "%s/%s/libksm_preload.so", stage_dir, abi->platform[0]);
	if (rc < 0 || copy(fd, to) < 0)
		rc = err_errno(err, errno, "cannot copy %s to %s", from, to);
	close(fd);
	return rc;
}

static int fill_stage(char **libdirs, const char *text, size_t len, struct error *err)
{
	struct error ignored;
	int fd, rc;

	if (mkdir(stage_dir, 0755) < 0)
		return err_errno(err, errno, "cannot make %s", stage_dir);
	if (add_abi(&abis[0], libdirs[0], err) < 0)
		return err_reason(err, REASON_PRELOAD_LIBRARY, -1);
	/* not every host builds for 32 bit */
	add_abi(&abis[1], libdirs[1], &ignored);
	fd = open(stage_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	rc = fd < 0 ? -errno : write_all(fd, text, len);
	if (rc < 0)
		err_errno(err, -rc, "cannot write %s", stage_file);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Containers may start at the same time; a holder that was killed lets go by itself. */
static int take_lock(struct error *err)
{
	struct stat st;
	int fd;

	if (mkdir(RUN_DIR, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "cannot make " RUN_DIR);
	fd = open(RUN_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_errno(err, errno, "cannot open " RUN_DIR);
		goto fail;
	}
	if (st.st_uid != 0 || (st.st_mode & 077)) {
		err_set(err, EINVAL, RUN_DIR " is not root's alone; remove it");
		goto fail;
	}
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_WAIT * 20) {
			err_set(err, EINVAL,
				RUN_DIR " is locked since %d s; see fuser " RUN_DIR, LOCK_WAIT);
			goto fail;
		}
		usleep(50000);
	}
	return fd;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * A tmpfs for each container rather than a bind of the host's files: were a container's
 * root ever able to make its mount writable again, it would write to its own copy. It
 * is read-only before the container can see it, for a bind takes the flags over, while
 * a bind that is remounted afterwards is writable for a moment.
 */
int stage_make(struct stage *stage, char **libdirs, const char *text, size_t len,
	       struct error *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV;
	char options[64];

	stage->lock = take_lock(err);
	if (stage->lock < 0)
		return -1;
	while (umount2(STAGE, MNT_DETACH) == 0)
		; /* left by one that was killed */
	if (mkdir(STAGE, 0700) < 0 && errno != EEXIST) {
		err_errno(err, errno, "cannot make " STAGE);
		goto fail;
	}
	snprintf(options, sizeof(options), "mode=0755,size=%d,nr_inodes=32", COPY_MAX);
	/* private: on hosts that share their mounts, no mount below concerns another */
	if (mount("ksm-hook", STAGE, "tmpfs", flags, options) < 0 ||
	    mount(NULL, STAGE, NULL, MS_PRIVATE, NULL) < 0) {
		err_errno(err, errno, "cannot mount a tmpfs on " STAGE);
		goto fail;
	}
	if (fill_stage(libdirs, text, len, err) < 0)
		goto fail;
	if (mount("ksm-hook", STAGE, "tmpfs", MS_REMOUNT | MS_RDONLY | flags, options) < 0) {
		err_errno(err, errno, "cannot make " STAGE " read-only");
		goto fail;
	}
	return 0;
fail:
	stage_drop(stage);
	return -1;
}

void stage_drop(struct stage *stage)
{
	umount2(STAGE, MNT_DETACH);
	rmdir(STAGE);
	close(stage->lock);
}
