/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's names and images of containers, from the daemon's own files. */
#include "containers/docker_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/far_files.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/patience.h"
#include "kernel/sandbox.h"

#define DAEMON_JSON "/etc/docker/daemon.json"
#define DATA_ROOT   "/var/lib/docker"
/* The same of a user's own daemon, which takes the variables and has these below HOME without. */
#define USER_DAEMON_JSON "docker/daemon.json"
#define USER_DATA_ROOT   "docker"
/* One container's file: mostly below 10 KiB; labels and environment make it longer. */
#define CONFIG_MAX (256u << 10)
/* So much text goes into one sandbox, and so many containers. */
#define BATCH_BYTES      (4u << 20)
#define BATCH_MAX        256
#define PARSE_TIMEOUT_MS 2000
/* A daemon has one; one more for each that was used before. */
#define ROOTS_MAX 4

/* Where a value stands in the text: in front of its closing quote. Zeros: nowhere. */
struct place {
	uint32_t end, len;
};

struct found {
	struct place name, image;
};

/* Directories that hold containers/. */
struct roots {
	int fd[ROOTS_MAX];
	size_t n;
};

/* Shared with the child that fills it, where files are far (base/far_files.h). */
struct batch {
	size_t next; /* the first container that it does not hold */
	size_t used, n;
	struct {
		size_t at, len, container;
	} file[BATCH_MAX];
	char text[BATCH_BYTES];
};

struct batch_filler {
	const char *data_root;
	const struct docker_container *container;
	size_t n;
	struct batch *batch;
};

static int visit_config(void *arg, const struct json_path *path, const struct json_value *v,
			struct error *err)
{
	struct found *f = arg;
	struct place here = { (uint32_t)v->end - 1, (uint32_t)v->len };

	(void)err;
	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(path, "Name", NULL))
		f->name = here;
	else if (json_path_is(path, "Config", "Image", NULL))
		f->image = here;
	return 0;
}

static void parse_batch(const void *arg, void *answer)
{
	const struct batch *b = arg;
	struct found *found = answer;
	struct error ignored;

	for (size_t i = 0; i < b->n; i++) {
		if (json_scan("config.v2.json", b->text + b->file[i].at, b->file[i].len,
			      visit_config, NULL, &found[i], &ignored) < 0)
			found[i] = (struct found){ 0 };
	}
}

/* The value itself, if the answer of the sandbox fits the text: a string without escapes. */
static const char *value_at(const char *text, size_t len, const struct place *p)
{
	const char *value;

	if (p->end >= len || p->len == 0 || p->len >= p->end || text[p->end] != '"')
		return NULL;
	value = text + p->end - p->len;
	return value[-1] == '"' && !memchr(value, '\\', p->len) ? value : NULL;
}

static void take_over(struct metadata *m, const char *text, size_t len, const struct found *f)
{
	const char *name = value_at(text, len, &f->name);
	const char *image = value_at(text, len, &f->image);

	/* "/web", as links between containers once had it */
	if (name && name[0] == '/')
		metadata_set(m, METADATA_CONTAINER, name + 1, f->name.len - 1);
	if (image)
		metadata_set(m, METADATA_IMAGE, image, f->image.len);
}

static void parse_names(const struct batch *b, const struct docker_container *c)
{
	struct found found[BATCH_MAX] = { 0 };
	struct error ignored;

	_Static_assert(sizeof(found) <= SANDBOX_ANSWER_MAX, "an answer holds a batch");
	if (b->n && json_reserve(CONFIG_MAX, &ignored) == 0 &&
	    sandbox_call(parse_batch, b, found, sizeof(found), PARSE_TIMEOUT_MS, &ignored) ==
		    0) {
		for (size_t i = 0; i < b->n; i++)
			take_over(c[b->file[i].container].metadata, b->text + b->file[i].at,
				  b->file[i].len, &found[i]);
	}
}

/* The administrator's file, in the caller: nothing of it is a container's. */
static int visit_daemon(void *arg, const struct json_path *path, const struct json_value *v,
			struct error *err)
{
	char *root = arg;

	(void)err;
	if (v->type == JSON_STRING && json_path_is(path, "data-root", NULL) && v->len > 0 &&
	    v->text[0] == '/' && v->len < PATH_MAX)
		snprintf(root, PATH_MAX, "%.*s", (int)v->len, v->text);
	return 0;
}

/* Of our own user: below the directory that the variable names, or else the one in HOME. */
static void user_path(char out[PATH_MAX], const char *variable, const char *usual,
		      const char *name)
{
	const char *dir = getenv(variable), *home = getenv("HOME");
	int n;

	if (dir && dir[0] == '/')
		n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
	else
		n = snprintf(out, PATH_MAX, "%s/%s/%s", home ? home : "", usual, name);
	if (n >= PATH_MAX)
		out[0] = '\0';
}

static void find_data_root(char root[PATH_MAX])
{
	char *text = malloc(CONFIG_MAX + 1), file[PATH_MAX] = DAEMON_JSON;
	struct error ignored;
	ssize_t len;

	snprintf(root, PATH_MAX, "%s", DATA_ROOT);
	if (geteuid() != 0) {
		user_path(root, "XDG_DATA_HOME", ".local/share", USER_DATA_ROOT);
		user_path(file, "XDG_CONFIG_HOME", ".config", USER_DAEMON_JSON);
	}
	len = text ? far_read_file(file, FILE_TRUSTED | FILE_SYMLINK, text, CONFIG_MAX,
				   &ignored) :
		     -1;
	if (len > 0)
		(void)json_scan(file, text, (size_t)len, visit_daemon, NULL, root, &ignored);
	free(text);
}

static bool is_docker_id(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

/* With userns-remap the daemon keeps its files in data-root/UID.GID, where all else is the same. */
static bool is_remapped_root(const char *name)
{
	size_t uid = strspn(name, "0123456789");
	size_t gid = name[uid] == '.' ? strspn(name + uid + 1, "0123456789") : 0;

	return uid && gid && !name[uid + 1 + gid];
}

static void add_root(struct roots *r, int fd)
{
	if (fd >= 0)
		r->fd[r->n++] = fd;
}

static void open_roots(struct roots *r, const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);

	r->n = 0;
	if (!d)
		return;
	add_root(r, openat(dirfd(d), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	while (r->n < ROOTS_MAX && (e = readdir(d)) != NULL) {
		if (is_remapped_root(e->d_name))
			add_root(r, openat(dirfd(d), e->d_name,
					   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	}
	closedir(d);
}

static ssize_t read_config(const struct roots *r, const char *id, char *text)
{
	ssize_t len = -1;
	char path[128];

	snprintf(path, sizeof(path), "containers/%s/config.v2.json", id);
	for (size_t i = 0; i < r->n && len <= 0; i++) {
		struct error ignored;

		len = read_regular_file(r->fd[i], path, FILE_TRUSTED, text, CONFIG_MAX,
					&ignored);
	}
	return len;
}

static void add_to_batch(struct batch *b, const struct roots *r, const char *id)
{
	ssize_t len;

	if (!is_docker_id(id))
		return;
	len = read_config(r, id, b->text + b->used);
	if (len <= 0)
		return;
	b->file[b->n].at = b->used;
	b->file[b->n].len = (size_t)len;
	b->file[b->n++].container = b->next;
	b->used += (size_t)len + 1;
}

static int fill_batch(void *arg)
{
	const struct batch_filler *f = arg;
	struct batch *b = f->batch;
	struct roots roots;

	b->n = b->used = 0;
	open_roots(&roots, f->data_root);
	for (; b->next < f->n && b->n < BATCH_MAX && b->used + CONFIG_MAX < BATCH_BYTES;
	     b->next++) {
		if (roots.n)
			add_to_batch(b, &roots, f->container[b->next].id);
	}
	while (roots.n)
		close(roots.fd[--roots.n]);
	return 0;
}

void docker_names_fill(struct docker_container *c, size_t n)
{
	struct batch *b = n ? patience_memory(sizeof(*b)) : NULL;
	char root[PATH_MAX];
	struct batch_filler f = { root, c, n, b };
	struct error ignored;
	int r = 0;

	if (!b)
		return;
	find_data_root(root);
	while (r == 0 && b->next < n) {
		r = far_run(root, fill_batch, &f, &ignored);
		if (r == 0)
			parse_names(b, c);
	}
	/* a child that has not come back still writes there */
	if (r != -ETIMEDOUT) {
		patience_free(b, sizeof(*b));
		return;
	}
	for (size_t i = 0; i < n; i++)
		c[i].unread = is_docker_id(c[i].id) && !c[i].metadata->container[0] ?
				      far_silent_place_of(root) :
				      NULL;
}
