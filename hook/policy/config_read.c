/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and the files of conf.d beside it: found and read, in the order in which they count. */
#include "policy/config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "base/io.h"
#include "kernel/userns.h"

#define CONFIG_HOME      SYSCONFDIR "/ksm-hook"
#define CONFIG_DIRECTORY CONFIG_HOME "/" CONF_D

/* A link that is replaced by another (a ConfigMap's, as it changes) may lead nowhere for a moment. */
#define LINK_TRIES 3

/*
 * In the user namespace of a container (LXC's mount hook) the host's root has no name of its own.
 * The path is the host's still, and what root decides there is for this container alone.
 */
static enum file_trust directory_trust(void)
{
	return userns_is_initial() ? FILE_TRUSTED : FILE_HOST_TRUSTED;
}

static int unreadable(int r, struct error *err)
{
	return err_reason(err, r == -EPERM ? REASON_CONFIG_UNTRUSTED : REASON_CONFIG_UNREADABLE,
			  r);
}

/* What could not be found is there: a link that leads nowhere. Rules may be lost behind it. */
static bool is_in_place_at(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_in_place(const char *path)
{
	return is_in_place_at(AT_FDCWD, path);
}

static bool is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 && errno == ENOENT;
}

static int leads_nowhere(const char *path, struct error *err)
{
	return unreadable(err_set(err, ENOENT, "%s: a link that leads nowhere", path), err);
}

/* Where a file is: a name in a directory that is open, so that nobody exchanges that behind our look at it. */
struct config_place {
	int dir;
	const char *entry;
	const char *path; /* for messages */
	const char *name; /* for decisions */
	const char *
		home; /* where this directory is not there, nor is anything else to be read; NULL for any */
};

/* What there is no file of. */
enum { NO_FILE = 1, NO_HOME };

static ssize_t read_place(const struct config_place *at, enum file_trust trust, char *text,
			  size_t cap, struct error *err)
{
	return read_regular_file_as(at->dir, at->entry, at->path, trust, text, cap, err);
}

/* Read one file behind those that are there. 0, NO_FILE, NO_HOME or -errno. */
static int add_file(struct config_files *files, const struct config_place *at,
		    enum file_trust trust, struct error *err)
{
	struct config_text *file = &files->file[files->n];
	char *text = files->text + files->len;
	size_t left = CONFIG_TEXT_MAX - files->len, cap;
	enum file_trust how = FILE_SYMLINK | FILE_OPTIONAL;
	bool dangles = false;
	int tries = 0;
	ssize_t n = 0;

	if (files->n == CONFIG_FILES_MAX || left == 0)
		return unreadable(err_set(err, E2BIG,
					  "%s: more than %d files, or more than %u bytes in "
					  "all",
					  at->path, CONFIG_FILES_MAX, CONFIG_TEXT_MAX),
				  err);
	cap = left - 1 < CONFIG_MAX ? left - 1 : CONFIG_MAX;
	how |= files->near ? FILE_NEAR : 0;
	do {
		n = read_place(at, trust | how, text, cap, err);
		if (n == -ENOENT && at->home && is_missing(at->home))
			return NO_HOME;
		dangles = n == -ENOENT && is_in_place_at(at->dir, at->entry);
	} while (dangles && ++tries < LINK_TRIES);
	/* whose user namespace this is takes a look that most starts need not pay for */
	if (n == -EPERM && trust == FILE_TRUSTED && !userns_is_initial())
		n = read_place(at, FILE_HOST_TRUSTED | how, text, cap, err);
	if (n == -ENOENT)
		return dangles ? leads_nowhere(at->path, err) : NO_FILE;
	if (n < 0)
		return unreadable((int)n, err);
	*file = (struct config_text){ at->path, at->name, text, (size_t)n };
	files->n++;
	files->len += (size_t)n + 1;
	return 0;
}

static bool is_config_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_entry(struct config_files *files, int dirfd, const char *dir, const char *entry,
		     struct error *err)
{
	char text[PATH_MAX];
	const char *path, *name;
	int r;

	path = snprintf(text, sizeof(text), "%s/%s", dir, entry) < (int)sizeof(text) ?
		       config_files_keep_path(files, text) :
		       NULL;
	if (!path)
		return unreadable(err_set(err, E2BIG, "%s: the names of its files are too long",
					  dir),
				  err);
	name = path + strlen(dir) - strlen(CONF_D);
	r = add_file(files, &(struct config_place){ dirfd, entry, path, name, NULL },
		     FILE_TRUSTED, err);
	/* one that was removed meanwhile is none */
	return r < 0 ? r : 0;
}

/* Keeps the first of the errors, and says each. */
struct read_errors {
	config_report *report;
	void *arg;
	struct error *err;
	int ret;
};

static void add_error(struct read_errors *e, int r, const struct error *err)
{
	if (r == 0)
		return;
	if (e->report)
		e->report(e->arg, &(struct config_problem){ .text = err->msg });
	if (e->ret == 0) {
		e->ret = r;
		*e->err = *err;
	}
}

/* A rule in such a file would keep nothing out. Hidden files are editors'. */
static void tell_not_read(const char *dir, const char *name, const struct read_errors *e)
{
	struct error why;

	if (!e->report || name[0] == '.')
		return;
	(void)err_set(&why, EINVAL,
		      "%s/%s: is not read, as its name does not end with \".json\"", dir, name);
	e->report(e->arg, &(struct config_problem){ .warning = true, .text = why.msg });
}

struct config_names {
	char (*name)[NAME_MAX + 1];
	int n;
	const char *dir;
	const struct read_errors *errors;
};

static int add_config_name(int dirfd, const char *name, void *arg)
{
	struct config_names *l = arg;

	(void)dirfd;
	if (!is_config_name(name))
		tell_not_read(l->dir, name, l->errors);
	else if (l->n == CONFIG_FILES_MAX)
		return -E2BIG;
	else
		snprintf(l->name[l->n++], NAME_MAX + 1, "%s", name);
	return 0;
}

/* The names of the directory's files, in order; -errno, -E2BIG where there are too many. */
static int list_names(int dirfd, const char *dir, char names[CONFIG_FILES_MAX][NAME_MAX + 1],
		      const struct read_errors *e)
{
	struct config_names l = { names, 0, dir, e };
	int r = dir_for_each(dirfd, add_config_name, &l);

	if (r < 0)
		return r;
	if (l.n > 0)
		qsort(names, (size_t)l.n, sizeof(names[0]), by_bytes);
	return l.n;
}

static int untrusted_directory(const char *dir, struct error *err)
{
	return unreadable(err_set(err, EPERM,
				  "%s: must belong to root and be writable by nobody else: "
				  "chown root:root and chmod 755 it",
				  dir),
			  err);
}

static int check_directory(int fd, const char *dir, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return unreadable(err_errno(err, errno, "%s", dir), err);
	/* who may remove a file takes its rules away */
	return file_is_trusted(&st, directory_trust()) ? 0 : untrusted_directory(dir, err);
}

/*
 * Nor may others take config.json itself away, or conf.d. They cannot where the directory is
 * sticky, nor where nobody writes: a ConfigMap's is mounted read-only, and has the mode 777.
 */
static int check_parent(const char *dir, struct error *err)
{
	struct statvfs fs;
	struct stat st;

	if (stat(dir, &st) < 0)
		return errno == ENOENT && is_in_place(dir) ? leads_nowhere(dir, err) : 0;
	if (st.st_mode & S_ISVTX)
		st.st_mode &= (mode_t) ~(S_IWGRP | S_IWOTH);
	/* whose user namespace this is takes a look that most starts need not pay for */
	if (file_is_trusted(&st, FILE_TRUSTED) || file_is_trusted(&st, directory_trust()) ||
	    (statvfs(dir, &fs) == 0 && fs.f_flag & ST_RDONLY))
		return 0;
	return untrusted_directory(dir, err);
}

/* -ENOENT: there is none; -ENOLINK: a link that leads nowhere. */
static int open_directory(const struct config_files *files, const char *dir)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, fd, tries = 0;

	do {
		if (files->near) {
			fd = open_near(AT_FDCWD, dir, flags);
		} else {
			fd = openat(AT_FDCWD, dir, flags);
			fd = fd < 0 ? -errno : fd;
		}
		if (fd != -ENOENT || !is_in_place(dir))
			return fd;
	} while (++tries < LINK_TRIES);
	return -ENOLINK;
}

/* Why there is none. */
static int not_opened(int fd, const char *dir, struct error *err)
{
	return fd == -ENOLINK ? leads_nowhere(dir, err) :
				unreadable(err_errno(err, -fd, "%s", dir), err);
}

/* fd, which is closed here, or why there is none. */
static void add_directory(struct config_files *files, int fd, const char *dir,
			  struct read_errors *e)
{
	char names[CONFIG_FILES_MAX][NAME_MAX + 1];
	struct error err;
	int n = fd < 0 ? not_opened(fd, dir, &err) : check_directory(fd, dir, &err);

	if (n == 0 && fd >= 0) {
		n = list_names(fd, dir, names, e);
		if (n == -E2BIG)
			n = unreadable(err_set(&err, E2BIG, "%s: more than %d files", dir,
					       CONFIG_FILES_MAX),
				       &err);
		else if (n < 0)
			n = unreadable(err_errno(&err, -n, "%s", dir), &err);
	}
	if (n < 0)
		add_error(e, n, &err);
	for (int i = 0; i < n && (e->ret == 0 || e->report); i++)
		add_error(e, add_entry(files, fd, dir, names[i], &err), &err);
	if (fd >= 0)
		close(fd);
}

/* What is beside a file of any path. */
static void add_beside(struct config_files *files, const char *path, struct read_errors *e)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash + 1 - path) : 0, fd;
	char dir[PATH_MAX];
	struct error err;

	if (len + sizeof(CONF_D) > sizeof(dir)) {
		add_error(e,
			  unreadable(err_set(&err, ENAMETOOLONG, "%s: too long", path), &err),
			  &err);
		return;
	}
	snprintf(dir, sizeof(dir), "%.*s", len ? len : 1, len ? path : ".");
	add_error(e, check_parent(dir, &err), &err);
	snprintf(dir, sizeof(dir), "%.*s" CONF_D, len, path);
	fd = open_directory(files, dir);
	if (fd != -ENOENT)
		add_directory(files, fd, dir, e);
}

/*
 * Not to be inlined: a stack of some pages, which every start would touch, for what most hosts do
 * not have.
 */
static __attribute__((noinline)) int
read_with_directory(const char *path, int fd, struct config_files *files, struct read_errors *e)
{
	if (fd == -ENOENT)
		add_beside(files, path, e);
	else
		add_directory(files, fd, CONFIG_DIRECTORY, e);
	return e->ret;
}

/* No file of that path. One that somebody named is missed; the usual one need not be there. */
static int without_file(const char *path, struct error *err)
{
	return unreadable(err_set(err, ENOENT,
				  "%s: there is no such file; without --config it is "
				  "%s, which may be missing",
				  path, CONFIG_PATH),
			  err);
}

int config_files_read(const char *path, struct config_files *files, config_report *report,
		      void *arg, struct error *err)
{
	bool is_usual = strcmp(path, CONFIG_PATH) == 0;
	struct read_errors e = { report, arg, err, 0 };
	struct error other;
	int r, fd;

	files->n = files->len = files->names_len = 0;
	r = add_file(files,
		     &(struct config_place){ AT_FDCWD, path, path, "config.json",
					     is_usual ? CONFIG_HOME : NULL },
		     FILE_TRUSTED, err);
	if (r == NO_HOME) /* most hosts: nothing more is looked for in any start */
		return 0;
	if (r == NO_FILE && !is_usual)
		r = without_file(path, err);
	if (r < 0 && report)
		report(arg, &(struct config_problem){ .text = err->msg });
	if (r < 0 && !report)
		return r;
	e.ret = r < 0 ? r : 0;
	if (is_usual)
		add_error(&e, check_parent(CONFIG_HOME, &other), &other);
	if (e.ret < 0 && !report)
		return e.ret;
	fd = is_usual ? open_directory(files, CONFIG_DIRECTORY) : -ENOENT;
	return is_usual && fd == -ENOENT ? e.ret : read_with_directory(path, fd, files, &e);
}

int config_files_read_one(const char *path, struct config_files *files, struct error *err)
{
	int r;

	files->n = files->len = files->names_len = 0;
	r = add_file(files, &(struct config_place){ AT_FDCWD, path, path, "config.json", NULL },
		     FILE_UNTRUSTED, err);
	return r == NO_FILE ? unreadable(err_errno(err, ENOENT, "%s", path), err) : r;
}
