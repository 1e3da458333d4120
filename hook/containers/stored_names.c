/* SPDX-License-Identifier: Apache-2.0 */
/* Names of many containers, from the JSON file that their engine keeps of each. */
#include "containers/stored_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/dir_walk.h"
#include "base/far_files.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/patience.h"
#include "kernel/sandbox.h"

/* One container's file: mostly below 10 KiB; labels and environment make it longer. */
#define FILE_MAX (256u << 10)
/* So much text goes into one sandbox, and so many containers. */
#define BATCH_BYTES      (4u << 20)
#define BATCH_MAX        192
#define PARSE_TIMEOUT_MS 2000
/*
 * Docker's root has one more for each user namespace that was used before, containerd's state one
 * for each of its namespaces.
 */
#define DIRS_MAX 32
#define DIR_NAME 80

/* Directories that hold containers' files. */
struct dirs {
	struct {
		int fd;
		char name[DIR_NAME]; /* "": the root */
	} d[DIRS_MAX];
	size_t n;
};

/* Shared with the child that fills it, where files are far (base/far_files.h). */
struct batch {
	size_t next; /* the first container that it does not hold */
	size_t used, n;
	struct {
		size_t at, len, container;
		unsigned visitor;
	} file[BATCH_MAX];
	char text[BATCH_BYTES];
};

struct batch_filler {
	const struct stored_source *source;
	const struct stored_container *container;
	size_t n;
	struct batch *batch;
};

void stored_note(struct stored_places *found, size_t number, const struct json_value *v)
{
	found->at[number] = (struct stored_place){ (uint32_t)v->end - 1, (uint32_t)v->len };
}

const char *stored_value(const struct stored_text *t, size_t number, size_t *len)
{
	const struct stored_place *p = &t->found.at[number];
	const char *value;

	if (p->end >= t->len || p->len == 0 || p->len >= p->end || t->text[p->end] != '"')
		return NULL;
	value = t->text + p->end - p->len;
	*len = p->len;
	return value[-1] == '"' && !memchr(value, '\\', p->len) ? value : NULL;
}

static void parse_batch(const void *arg, void *answer)
{
	const struct batch_filler *f = arg;
	const struct batch *b = f->batch;
	struct stored_places *found = answer;
	struct error ignored;

	for (size_t i = 0; i < b->n; i++) {
		if (json_scan("a container's file", b->text + b->file[i].at, b->file[i].len,
			      f->source->visit[b->file[i].visitor], NULL, &found[i],
			      &ignored) < 0)
			found[i] = (struct stored_places){ 0 };
	}
}

static void parse_names(const struct batch_filler *f)
{
	const struct batch *b = f->batch;
	struct stored_places found[BATCH_MAX] = { 0 };
	struct error ignored;

	_Static_assert(sizeof(found) <= SANDBOX_ANSWER_MAX, "an answer holds a batch");
	if (!b->n || json_reserve(FILE_MAX, &ignored) < 0 ||
	    sandbox_call(parse_batch, f, found, sizeof(found), PARSE_TIMEOUT_MS, &ignored) < 0)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct stored_text t = { b->text + b->file[i].at, b->file[i].len, found[i] };

		f->source->take(f->container[b->file[i].container].metadata, &t,
				b->file[i].visitor);
	}
}

static void add_dir(struct dirs *dirs, int at, const char *path, const char *name, int flags)
{
	int fd = openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

	if (fd < 0)
		return;
	dirs->d[dirs->n].fd = fd;
	snprintf(dirs->d[dirs->n++].name, DIR_NAME, "%s", name);
}

struct opening {
	struct dirs *dirs;
	const struct stored_source *source;
};

static int open_if_dir(int root, const char *name, void *arg)
{
	const struct opening *o = arg;

	if (name[0] != '.' && strlen(name) < DIR_NAME && o->source->is_dir(name))
		add_dir(o->dirs, root, name, name, O_NOFOLLOW);
	return o->dirs->n == DIRS_MAX;
}

static void open_dirs(struct dirs *dirs, const struct stored_source *source)
{
	__cleanup(close_fd) int root = open(source->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct opening o = { dirs, source };

	dirs->n = 0;
	if (root < 0)
		return;
	add_dir(dirs, root, ".", "", 0);
	(void)dir_for_each(root, open_if_dir, &o);
}

static ssize_t read_stored(const struct batch_filler *f, const struct dirs *dirs,
			   const char *id, char *text, unsigned *visitor)
{
	ssize_t len = -1;

	for (size_t i = 0; i < dirs->n && len <= 0; i++) {
		char path[PATH_MAX];
		struct error ignored;

		if (f->source->path(path, sizeof(path), dirs->d[i].name, id, visitor))
			len = read_regular_file(dirs->d[i].fd, path, FILE_TRUSTED, text,
						FILE_MAX, &ignored);
	}
	return len;
}

static void add_to_batch(const struct batch_filler *f, const struct dirs *dirs)
{
	struct batch *b = f->batch;
	unsigned visitor = 0;
	ssize_t len =
		read_stored(f, dirs, f->container[b->next].id, b->text + b->used, &visitor);

	if (len <= 0)
		return;
	b->file[b->n].at = b->used;
	b->file[b->n].len = (size_t)len;
	b->file[b->n].visitor = visitor;
	b->file[b->n++].container = b->next;
	b->used += (size_t)len + 1;
}

static int fill_batch(void *arg)
{
	const struct batch_filler *f = arg;
	struct batch *b = f->batch;
	struct dirs dirs = { .n = 0 };

	b->n = b->used = 0;
	open_dirs(&dirs, f->source);
	for (; b->next < f->n && b->n < BATCH_MAX && b->used + FILE_MAX < BATCH_BYTES;
	     b->next++) {
		if (dirs.n && f->source->is_id(f->container[b->next].id))
			add_to_batch(f, &dirs);
	}
	while (dirs.n)
		close(dirs.d[--dirs.n].fd);
	return 0;
}

void stored_names_fill(const struct stored_source *source, struct stored_container *c, size_t n)
{
	struct batch *b = n ? patience_memory(sizeof(*b)) : NULL;
	struct batch_filler f = { source, c, n, b };
	struct error ignored;
	int r = 0;

	if (!b)
		return;
	while (r == 0 && b->next < n) {
		r = far_run(source->root, fill_batch, &f, &ignored);
		if (r == 0)
			parse_names(&f);
	}
	/* a child that has not come back still writes there */
	if (r != -ETIMEDOUT) {
		patience_free(b, sizeof(*b));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!c[i].metadata->container[0] && source->is_id(c[i].id))
			c[i].unread = far_silent_place_of(source->root);
	}
}
