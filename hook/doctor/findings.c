/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of `ksm-hook doctor` share: findings, and files of the host that steer root. */
#include "doctor/findings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "oci/runtime_path.h"

/* One line of text for a terminal, whatever file it comes from. */
static void clean(char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

struct finding *check_add(struct doctor *d, enum check_level level, const char *id,
			  const char *why, const char *what, ...)
{
	static struct finding spare;
	struct finding *f = &spare;
	va_list ap;

	if (d->n < FINDINGS_MAX)
		f = &d->finding[d->n++];
	else
		d->left_out++;
	*f = (struct finding){ .id = id, .level = level, .why = why };
	va_start(ap, what);
	vsnprintf(f->what, sizeof(f->what), what, ap);
	va_end(ap);
	clean(f->what);
	return f;
}

void check_fix(struct finding *f, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(f->fix, sizeof(f->fix), fmt, ap);
	va_end(ap);
	/* half a command is worse than none */
	if (n < 0 || (size_t)n >= sizeof(f->fix))
		f->fix[0] = '\0';
	clean(f->fix);
}

bool check_installed(const char *program)
{
	char path[PATH_MAX];
	const char *dir = REAL_PATH;

	while (*dir) {
		size_t len = strcspn(dir, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, program);
		if (access(path, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

static bool is_roots_alone(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

ssize_t check_read(const char *path, char **text, struct error *err)
{
	/* a symlink is fine here (configuration management makes them), a fifo is not */
	__cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n;

	*text = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: is not a regular file", path);
	if (!is_roots_alone(&st))
		return err_set(err, EPERM, "%s: others than root can write it", path);
	*text = malloc(CHECK_FILE_MAX + 1);
	if (!*text)
		return err_set(err, ENOMEM, "out of memory");
	n = read_all(fd, *text, CHECK_FILE_MAX, 0);
	if (n == -EFBIG)
		return err_set(err, EFBIG, "%s: longer than %u bytes", path, CHECK_FILE_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "%s", path);
	if (memchr(*text, '\0', (size_t)n))
		return err_set(err, EINVAL, "%s: is not text", path);
	return n;
}

int check_program(const char *path, struct error *what, struct error *fix)
{
	struct stat st;

	err_set(fix, 0, "install ksm-hook again, so that %s is there", path);
	if (stat(path, &st) < 0)
		return err_errno(what, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(what, EINVAL, "%s: is not a program", path);
	if (!(st.st_mode & S_IXUSR)) {
		err_set(fix, 0, "chmod 755 %s", path);
		return err_set(what, EACCES, "%s: is not executable", path);
	}
	if (!is_roots_alone(&st)) {
		err_set(fix, 0, "chown root:root %s && chmod 755 %s", path, path);
		return err_set(what, EPERM, "%s: is executed as root, and others can write it",
			       path);
	}
	return 0;
}

void check_fix_program(struct doctor *d, struct finding *f, int r, const char *file,
		       const char *path, const struct error *fix)
{
	const char *name = strrchr(path, '/'), *slash = strrchr(d->self, '/');
	char here[PATH_MAX];

	if (r == -ENOENT && name && slash && !strpbrk(path, "'|[*\\&")) {
		snprintf(here, sizeof(here), "%.*s%s", (int)(slash - d->self), d->self, name);
		if (access(here, X_OK) == 0) {
			check_fix(f, "sed -i 's|%s|%s|' %s", path, here, file);
			return;
		}
	}
	check_fix(f, "%s", fix->msg);
}

bool check_is_ours(const struct doctor *d, const char *path)
{
	const char *name = strrchr(path, '/');
	struct stat a, b;

	name = name ? name + 1 : path;
	if (strcmp(name, "ksm-hook") == 0 || strncmp(name, "ksm-runc", 8) == 0 ||
	    strncmp(name, "ksm-crun", 8) == 0 || strstr(path, "/ksm-hook/"))
		return true;
	return stat(path, &a) == 0 && stat(d->self, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

void check_unreadable(struct doctor *d, const char *id, const struct error *err)
{
	check_add(d, CHECK_NOTE, id,
		  "what is set there could not be looked at, so nothing is said of it", "%s",
		  err->msg);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **check_list(const char *dir, const char *suffix)
{
	/* a directory of more files than that is no directory of drop-ins */
	enum { LIST_MAX = 256 };
	char **list = calloc(LIST_MAX + 1, sizeof(*list));
	size_t n = 0, s = strlen(suffix);
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && list && n < LIST_MAX && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (e->d_name[0] != '.' && len > s &&
		    strcmp(e->d_name + len - s, suffix) == 0 &&
		    asprintf(&list[n], "%s/%s", dir, e->d_name) > 0)
			n++;
	}
	if (d)
		closedir(d);
	if (n == 0) {
		free(list);
		return NULL;
	}
	qsort(list, n, sizeof(*list), by_name);
	return list;
}

void check_free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void check_free(char **text)
{
	free(*text);
}
