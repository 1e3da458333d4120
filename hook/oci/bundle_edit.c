/* SPDX-License-Identifier: Apache-2.0 */
/* The edit of the bundle's config.json: the preload library, for kernels where the mark does not last, and a group's hash seeds. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/runtime.h"
#include "base/error.h"
#include "base/io.h"
#include "base/macros.h"
#include "oci/spec.h"

#define NEW ".config.json.ksm-hook"

/*
 * What was decided, in the words of config.json: the rules have been asked, and a runtime that
 * was chosen counts as an annotation, which the edit knows nothing of.
 */
static int config_fd(const struct decision *d, struct error *err)
{
	static const char *const methods[] = { "auto", "inject", "preload" };
	char text[128];
	int fd = memfd_create("config.json", MFD_CLOEXEC), r;

	if (fd < 0)
		return err_errno(err, errno, "memfd_create");
	snprintf(text, sizeof(text),
		 "{\"containers\": \"all\", \"method\": \"%s\", \"required\": %s%s}",
		 methods[d->method], d->required ? "true" : "false",
		 d->group[0] ? ", \"shared_layout\": true" : "");
	r = write_all(fd, text, strlen(text));
	if (r == 0 && (fchmod(fd, 0600) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		r = -errno;
	if (r < 0) {
		close(fd);
		return err_errno(err, -r, "memfd");
	}
	return fd;
}

/* `ksm-hook precreate` in a process of its own, between the two files; its exit status. */
static int precreate(const struct runtime_input *in, int config, int from, int to,
		     struct error *err)
{
	const char *id = in->facts.id ? in->facts.id : "";
	char path[32], *argv[] = {
		"precreate", "--config", path, "--library", (char *)in->preload_path,
		"--id",      (char *)id, NULL
	};
	int status = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", config);
	pid = fork();
	if (pid < 0)
		return err_errno(err, errno, "fork");
	if (pid == 0)
		_exit(dup2(from, STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0 ?
			      1 :
			      applet_precreate((int)ARRAY_SIZE(argv) - 1, argv));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status))
		return err_set(err, EPROTO, "the edit of config.json died by signal %d",
			       WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* The new text in the place of the old one, in one step and with its mode and owner. */
static int replace(int dir, const char *name, int old, int new, struct error *err)
{
	struct stat before, after;

	if (fstat(old, &before) < 0 || fstat(new, &after) < 0)
		return err_errno(err, errno, "%s", name);
	/* the edit only adds */
	if (after.st_size == before.st_size)
		return 0;
	if (fchown(new, before.st_uid, before.st_gid) < 0 ||
	    fchmod(new, before.st_mode & 07777) < 0 || fsync(new) < 0 ||
	    renameat(dir, NEW, dir, name) < 0)
		return err_errno(err, errno, "%s", name);
	return 0;
}

/* Is the library in the file, by whoever put it there? */
static bool names_library(int dir, const char *name)
{
	__cleanup(close_fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *text;
	bool found;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return false;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	found = memmem(text, (size_t)st.st_size, SPEC_LIBRARY, strlen(SPEC_LIBRARY));
	munmap(text, (size_t)st.st_size);
	return found;
}

int runtime_edit(const struct runtime_input *in, const struct decision *decision,
		 struct error *err)
{
	const char *name = in->facts.config ? in->facts.config : "config.json";
	__cleanup(close_fd) int dir = open(in->facts.bundle ? in->facts.bundle : ".",
					   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__cleanup(close_fd) int old =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	__cleanup(close_fd) int config = -1;
	__cleanup(close_fd) int new = -1;
	int r;

	if (dir < 0 || old < 0)
		return err_errno(err, errno, "%s", name);
	/* --config may lead out of the bundle, and there the new file would stand elsewhere */
	if (strchr(name, '/'))
		return err_set(err, EINVAL, "%s: not in the bundle", name);
	config = config_fd(decision, err);
	if (config < 0)
		return config;
	if (unlinkat(dir, NEW, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, NEW);
	new = openat(dir, NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (new < 0)
		return err_errno(err, errno, NEW);
	r = precreate(in, config, old, new, err);
	if (r == 0)
		r = replace(dir, name, old, new, err);
	else if (r > 0 && decision->required)
		r = -ECANCELED;
	unlinkat(dir, NEW, 0);
	if (r < 0)
		return r;
	return names_library(dir, name);
}
