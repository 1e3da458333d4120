/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the host that may lie on a server which does not answer (NFS, FUSE): an engine's state. */
#include "base/far_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/near_path.h"
#include "base/patience.h"

/* A server that is well answers in milliseconds, a child on a busy machine in some hundred. */
#define ANSWER_MS 2000
/* More are not waited for: then nothing far is asked. */
#define PLACES_MAX 8
#define PLACE_TEXT 256
/* --watch asks again after that. */
#define FORGET_MS 60000

/* Shared with children. */
struct silent_places {
	int64_t first_ms;
	unsigned taken;
	struct {
		bool is_set;
		char path[PLACE_TEXT];
	} place[PLACES_MAX];
};

static struct silent_places *silent;

void far_share_with_children(void)
{
	if (!silent)
		silent = patience_memory(sizeof(*silent));
	if (silent && silent->taken && now_ms() - silent->first_ms > FORGET_MS)
		memset(silent, 0, sizeof(*silent));
}

const char *far_silent_place(size_t i)
{
	for (size_t k = 0; silent && k < PLACES_MAX; k++) {
		if (__atomic_load_n(&silent->place[k].is_set, __ATOMIC_ACQUIRE) && i-- == 0)
			return silent->place[k].path;
	}
	return NULL;
}

const char *far_silent_place_of(const char *path)
{
	const char *place;

	for (size_t i = 0; (place = far_silent_place(i)) != NULL; i++) {
		size_t len = strlen(place);

		if (strncmp(path, place, len) == 0 && (path[len] == '/' || !path[len]))
			return place;
	}
	return NULL;
}

static void note_silence(const char *place)
{
	unsigned i;

	if (!silent || far_silent_place_of(place))
		return;
	i = __atomic_fetch_add(&silent->taken, 1, __ATOMIC_RELAXED);
	if (i == 0)
		silent->first_ms = now_ms();
	if (i >= PLACES_MAX)
		return;
	snprintf(silent->place[i].path, PLACE_TEXT, "%s", place);
	__atomic_store_n(&silent->place[i].is_set, true, __ATOMIC_RELEASE);
}

static int say_silence(const char *place, struct error *err)
{
	return err_reason(err, REASON_HOST_UNREADABLE,
			  err_set(err, ETIMEDOUT,
				  "%s: its file system does not answer (a file server?)",
				  place));
}

struct far_call {
	const char *path;
	int (*fn)(void *arg);
	void *arg;
	char *place; /* shared: the last file system that was come to */
};

static int call_in_child(void *arg)
{
	struct far_call *c = arg;

	/* so that it is known who holds the call up */
	path_follow(c->path, c->place, PLACE_TEXT);
	return c->fn(c->arg);
}

int far_run(const char *path, int (*fn)(void *arg), void *arg, struct error *err)
{
	char place[PLACE_TEXT] = "";
	struct far_call c = { path, fn, arg, NULL };
	const char *known;
	int r;

	far_share_with_children();
	known = far_silent_place_of(path);
	if (known)
		return say_silence(known, err);
	if (path_is_hosts(path, place, sizeof(place)))
		return fn(arg);
	if (silent && __atomic_load_n(&silent->taken, __ATOMIC_RELAXED) >= PLACES_MAX)
		return say_silence(place, err);
	c.place = patience_memory(PLACE_TEXT);
	if (!c.place)
		return err_set(err, ENOMEM, "out of memory");
	snprintf(c.place, PLACE_TEXT, "%s", place[0] ? place : path);
	r = patience_run(call_in_child, &c, ANSWER_MS);
	memcpy(place, c.place, PLACE_TEXT - 1);
	if (r != -ETIMEDOUT) {
		patience_free(c.place, PLACE_TEXT);
		return r;
	}
	note_silence(place);
	return say_silence(place, err);
}

/* To be asked at once, which takes no memory that is shared. */
static bool is_here(const char *path)
{
	return !far_silent_place_of(path) && path_is_hosts(path, NULL, 0);
}

struct far_file {
	const char *path;
	enum file_trust trust;
	size_t cap;
	ssize_t n;
	struct error err;
	char text[];
};

static int read_file(void *arg)
{
	struct far_file *f = arg;

	f->n = read_regular_file(AT_FDCWD, f->path, f->trust, f->text, f->cap, &f->err);
	return 0;
}

ssize_t far_read_file(const char *path, enum file_trust trust, char *buf, size_t cap,
		      struct error *err)
{
	size_t size = sizeof(struct far_file) + cap + 1;
	struct far_file *f;
	ssize_t n;
	int r;

	if (is_here(path))
		return read_regular_file(AT_FDCWD, path, trust, buf, cap, err);
	f = patience_memory(size);
	if (!f)
		return err_set(err, ENOMEM, "out of memory");
	f->path = path;
	f->trust = trust;
	f->cap = cap;
	r = far_run(path, read_file, f, err);
	if (r == -ETIMEDOUT)
		return r;
	n = r < 0 ? err_errno(err, -r, "%s", path) : f->n;
	if (r == 0 && n < 0)
		*err = f->err;
	if (n >= 0)
		memcpy(buf, f->text, (size_t)n + 1);
	patience_free(f, size);
	return n;
}

enum { LOOK_STAT = -1, LOOK_LSTAT = -2 };

struct far_look {
	const char *path;
	int mode; /* of access(2), or one of these */
	struct stat st;
};

static int look_at(void *arg)
{
	struct far_look *l = arg;
	int r;

	if (l->mode == LOOK_LSTAT)
		r = lstat(l->path, &l->st);
	else
		r = l->mode == LOOK_STAT ? stat(l->path, &l->st) : access(l->path, l->mode);
	return r < 0 ? -errno : 0;
}

static int look(const char *path, int mode, struct stat *st)
{
	struct far_look here = { .path = path, .mode = mode }, *l;
	struct error ignored;
	int r;

	if (is_here(path)) {
		r = look_at(&here);
		if (st)
			*st = here.st;
		return r;
	}
	l = patience_memory(sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = here;
	r = far_run(path, look_at, l, &ignored);
	if (r == -ETIMEDOUT)
		return r;
	if (st)
		*st = l->st;
	patience_free(l, sizeof(*l));
	return r;
}

int far_stat(const char *path, struct stat *st)
{
	return look(path, LOOK_STAT, st);
}

/*
 * In one step, where all of the way lies on the file system of / or of /run (path_is_hosts()), as
 * openat2() says. -EXDEV: it does not.
 */
static int lstat_near(const char *path, struct stat *st)
{
	int dir = AT_FDCWD, fd, r;

	if (strncmp(path, "/run/", 5) == 0) {
		const char *below = path + 5 + strspn(path + 5, "/");

		dir = *below ? openat(AT_FDCWD, "/run",
				      O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC) :
			       -1;
		if (dir < 0)
			return -EXDEV;
		path = below;
	}
	fd = open_near(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		close(dir);
	if (fd < 0)
		return fd;
	r = fstat(fd, st) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int far_lstat(const char *path, struct stat *st)
{
	int r = lstat_near(path, st);

	/* -EXDEV, or no descriptor to be had */
	return r == 0 || r == -ENOENT || r == -ENOTDIR ? r : look(path, LOOK_LSTAT, st);
}

int far_access(const char *path, int mode)
{
	return look(path, mode, NULL);
}

void far_list_add(struct far_list *list, const char *text)
{
	size_t size = strlen(text) + 1;

	if (size > sizeof(list->text) - list->size) {
		list->truncated = true;
		return;
	}
	memcpy(list->text + list->size, text, size);
	list->size += size;
}

struct far_listing {
	const char *path;
	int (*fn)(const char *path, struct far_list *list);
	struct far_list *list;
};

static int make_list(void *arg)
{
	const struct far_listing *l = arg;

	return l->fn(l->path, l->list);
}

int far_list(const char *path, int (*fn)(const char *path, struct far_list *list), char **texts,
	     size_t *size, struct error *err)
{
	struct far_listing l = { path, fn, patience_memory(sizeof(*l.list)) };
	int r;

	*texts = NULL;
	*size = 0;
	if (!l.list)
		return err_set(err, ENOMEM, "out of memory");
	r = far_run(path, make_list, &l, err);
	if (r == -ETIMEDOUT)
		return r;
	if (r < 0)
		r = err_errno(err, -r, "%s", path);
	if (r >= 0 && l.list->size) {
		*texts = malloc(l.list->size);
		if (*texts) {
			memcpy(*texts, l.list->text, l.list->size);
			*size = l.list->size;
		} else {
			r = err_set(err, ENOMEM, "out of memory");
		}
	}
	patience_free(l.list, sizeof(*l.list));
	return r;
}
