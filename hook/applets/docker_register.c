/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook docker-register: the runtime wrapper into Docker's daemon.json, and out of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "oci/daemon_json.h"

#define DAEMON_FILE     "/etc/docker/daemon.json"
#define DEFAULT_WRAPPER SBINDIR "/" DAEMON_RUNTIME
/* what no administrator writes by hand is not edited */
#define DAEMON_FILE_MAX (512u << 10)
/* An edit takes milliseconds; whoever may read the directory may lock it for as long as he likes. */
#define LOCK_TIMEOUT_MS 5000
/* Files of the name FILE.before-ksm-hook.N that are not ours to remove. */
#define ASIDE_MAX 1000

struct registration {
	char file[PATH_MAX], saved[PATH_MAX + 32]; /* beside it: what it said before */
	const char *path;
	bool there;
	struct daemon_text now;
};

/* 0 also where there is no file: then the text is empty and *there false. */
static int read_daemon_text(const char *file, struct daemon_text *t, bool *there,
			    struct error *err)
{
	ssize_t n;

	t->text = malloc(DAEMON_FILE_MAX + DAEMON_JSON_ROOM);
	t->len = 0;
	*there = false;
	if (!t->text)
		return err_set(err, ENOMEM, "out of memory");
	n = read_regular_file(AT_FDCWD, file, FILE_UNTRUSTED, t->text, DAEMON_FILE_MAX, err);
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	*there = true;
	t->len = (size_t)n;
	return 0;
}

static void daemon_text_free(const struct daemon_text *t)
{
	free(t->text);
}

/* Behind a link of configuration management stands the file. */
static int find_daemon_file(struct registration *r, const char *name, struct error *err)
{
	char *real = realpath(name, NULL);
	struct stat st;
	int n;

	if (!real && (errno != ENOENT || lstat(name, &st) == 0))
		return err_errno(err, errno, "%s", name);
	n = snprintf(r->file, sizeof(r->file), "%s", real ? real : name);
	free(real);
	if (n >= (int)sizeof(r->file))
		return err_errno(err, ENAMETOOLONG, "%s", name);
	snprintf(r->saved, sizeof(r->saved), "%s.before-ksm-hook", r->file);
	return 0;
}

static int make_parents(const char *file, struct error *err)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", file);
	for (char *p = strchr(dir + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return err_errno(err, errno, "%s", dir);
		*p = '/';
	}
	return 0;
}

/*
 * Of two that edit at once, the second one reads what the first one wrote, and saves nothing that is the
 * first one's. The lock is held until the process ends. A directory that is not there is made only to
 * add; without it there is nothing to remove.
 */
static int lock_directory(const struct registration *r, bool add, struct error *err)
{
	static const struct timespec nap = { .tv_nsec = 10000000 };
	int64_t deadline = now_ms() + LOCK_TIMEOUT_MS;
	const char *slash = strrchr(r->file, '/');
	char dir[PATH_MAX] = ".";
	int ret, fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - r->file) + 1, r->file);
	ret = add ? make_parents(r->file, err) : 0;
	if (ret < 0)
		return ret;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", dir);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || now_ms() >= deadline) {
			ret = err_set(err, EBUSY, "%s stays locked by another process", dir);
			close(fd);
			return ret;
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* What has the name under which the file is to be kept is somebody's: it gets another one. */
static int move_aside(const char *saved, struct error *err)
{
	char other[PATH_MAX + 48];

	for (int i = 1; i <= ASIDE_MAX; i++) {
		snprintf(other, sizeof(other), "%s.%d", saved, i);
		/* which replaces nothing, as rename() would */
		if (link(saved, other) == 0) {
			if (unlink(saved) < 0)
				break;
			printf("%s: was there already, and is now %s\n", saved, other);
			return 0;
		}
		if (errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return err_errno(err, errno, "%s", saved);
}

/* The file becomes this text in one step; one that is there keeps its mode and its owner. */
static int write_daemon_text(const struct registration *r, const struct daemon_text *t,
			     struct error *err)
{
	if (r->there)
		return rewrite_file(AT_FDCWD, r->file, t->text, t->len, err);
	return replace_file(AT_FDCWD, r->file, t->text, t->len, 0644, err);
}

static void say_reload(const struct registration *r, const char *what)
{
	printf("%s: the runtime " DAEMON_RUNTIME
	       " was %s; for Docker to see it: systemctl%s reload docker\n",
	       r->file, what, geteuid() ? " --user" : "");
}

static int register_wrapper(struct registration *r, struct error *err)
{
	int ret = daemon_json_add(r->file, &r->now, r->path, err);

	if (ret == 1)
		printf("%s: has it already\n", r->file);
	if (ret != 0)
		return ret < 0 ? ret : 0;
	/* the file itself, with all that belongs to it, under another name */
	ret = move_aside(r->saved, err);
	if (ret < 0)
		return ret;
	if (r->there && link(r->file, r->saved) < 0)
		return err_errno(err, errno, "%s", r->saved);
	ret = write_daemon_text(r, &r->now, err);
	if (ret < 0) {
		if (r->there)
			(void)unlink(r->saved);
		return ret;
	}
	say_reload(r, "added");
	if (r->there)
		printf("%s: what it said before\n", r->saved);
	return 0;
}

/* Is the file what adding made of the saved one, so that nobody has changed it since? */
static bool is_unchanged(const struct registration *r, const struct daemon_text *saved)
{
	struct daemon_text t __cleanup(daemon_text_free) = { NULL, saved->len };
	struct error err;

	if (!saved->text || !r->now.text)
		return false;
	t.text = malloc(DAEMON_FILE_MAX + DAEMON_JSON_ROOM);
	if (!t.text)
		return false;
	memcpy(t.text, saved->text, saved->len);
	return daemon_json_add(r->saved, &t, r->path, &err) == 0 && t.len == r->now.len &&
	       memcmp(t.text, r->now.text, t.len) == 0;
}

static int unregister_wrapper(struct registration *r, struct error *err)
{
	struct daemon_text saved __cleanup(daemon_text_free) = { NULL, 0 };
	const struct daemon_text *to = &r->now;
	bool was;
	int ret = read_daemon_text(r->saved, &saved, &was, err);

	if (ret < 0)
		return ret;
	if (was && is_unchanged(r, &saved))
		to = &saved;
	else
		ret = daemon_json_remove(r->file, &r->now, r->path,
					 was && daemon_json_has_runtimes(&saved), err);
	if (ret == 1)
		printf("%s: does not have it\n", r->file);
	if (ret != 0)
		return ret < 0 ? ret : 0;
	/* where there was no file, there is none again */
	if (!was && daemon_json_is_empty(to)) {
		if (unlink(r->file) < 0)
			return err_errno(err, errno, "%s", r->file);
	} else {
		ret = write_daemon_text(r, to, err);
		if (ret < 0)
			return ret;
	}
	say_reload(r, "removed");
	/* what is not in the file again is not lost */
	if (to == &saved)
		(void)unlink(r->saved);
	else if (was)
		printf("%s: is kept: the file was changed since\n", r->saved);
	return 0;
}

static const struct command_syntax docker_register_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "add|remove [FILE [PATH]]",
	.about =
		"Add the runtime wrapper to Docker's daemon.json, as the runtime ksm-runc, or\n"
		"remove it again. One member is inserted; every other byte of FILE, its mode and\n"
		"its owner stay. What FILE said before is kept in FILE.before-ksm-hook; remove\n"
		"restores that byte by byte, or cuts the member out if FILE was changed since,\n"
		"and keeps it then.\n"
		"Nothing is restarted: dockerd reads its runtimes on systemctl reload docker.\n"
		"\n"
		"FILE is " DAEMON_FILE " if it is not given. PATH is that of the\n"
		"wrapper, if it is not " DEFAULT_WRAPPER ".\n",
	.examples =
		"ksm-hook docker-register add && systemctl reload docker\n"
		"ksm-hook docker-register add ~/.config/docker/daemon.json\n"
		"ksm-hook docker-register remove && systemctl reload docker\n",
	.see_also = "ksm-hook-docker-register(8), ksm-hook-runtime(8)",
	.option = {
		{ "" },
	},
};

static int docker_register(const char *file, const char *path, bool add, struct error *err)
{
	struct registration r = { .path = path };
	int ret = add ? daemon_json_path_check(path, err) : 0;

	if (ret == 0)
		ret = find_daemon_file(&r, file, err);
	if (ret == 0)
		ret = lock_directory(&r, add, err);
	if (ret == 0)
		ret = read_daemon_text(r.file, &r.now, &r.there, err);
	if (ret == 0)
		ret = add ? register_wrapper(&r, err) : unregister_wrapper(&r, err);
	daemon_text_free(&r.now);
	return ret;
}

int applet_docker_register(int argc, char **argv)
{
	const char *path = DEFAULT_WRAPPER;
	struct error err;
	bool add;
	int r;

	log_init("docker-register", false);
	r = options_parse(&docker_register_command, &argc, argv, NULL, &err);
	if (r == 0 && argc < 2)
		r = err_set(&err, EINVAL, "add or remove?");
	else if (r == 0 && strcmp(argv[1], "add") != 0 && strcmp(argv[1], "remove") != 0)
		r = err_set(&err, EINVAL, "unexpected argument \"%s\"", argv[1]);
	else if (r == 0 && argc > 4)
		r = err_set(&err, EINVAL, "unexpected argument \"%s\"", argv[4]);
	if (r != 0)
		return options_exit("docker-register", r, &err);
	add = strcmp(argv[1], "add") == 0;
	if (argc > 3)
		path = argv[3];
	else if (add && access(path, X_OK) < 0)
		r = err_errno(&err, errno, "%s", path);
	if (r == 0)
		r = docker_register(argc > 2 ? argv[2] : DAEMON_FILE, path, add, &err);
	if (r == 0)
		return 0;
	log_error("%s; nothing was changed", err.msg);
	return 1;
}
