/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's names and images of containers, from the daemon's own files. */
#include "containers/docker_names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/far_files.h"
#include "base/json_reader.h"

#define DAEMON_JSON "/etc/docker/daemon.json"
#define DATA_ROOT   "/var/lib/docker"
/* The same of a user's own daemon, which takes the variables and has these below HOME without. */
#define USER_DAEMON_JSON "docker/daemon.json"
#define USER_DATA_ROOT   "docker"
/* An administrator's file, mostly of some lines. */
#define DAEMON_JSON_MAX (256u << 10)

/* What stored_note() numbers. */
enum { NAME, IMAGE, PROJECT };

static int visit_config(void *arg, const struct json_path *path, const struct json_value *v,
			struct error *err)
{
	(void)err;
	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(path, "Name", NULL))
		stored_note(arg, NAME, v);
	else if (json_path_is(path, "Config", "Image", NULL))
		stored_note(arg, IMAGE, v);
	return 0;
}

static void take_config(struct metadata *m, const struct stored_text *t, unsigned visitor)
{
	size_t len;
	const char *value = stored_value(t, NAME, &len);

	(void)visitor;
	/* "/web", as links between containers once had it */
	if (value && value[0] == '/')
		metadata_set(m, METADATA_CONTAINER, value + 1, len - 1);
	value = stored_value(t, IMAGE, &len);
	if (value)
		metadata_set(m, METADATA_IMAGE, value, len);
}

static int visit_image_id(void *arg, const struct json_path *path, const struct json_value *v,
			  struct error *err)
{
	(void)err;
	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(path, "Image", NULL))
		stored_note(arg, IMAGE, v);
	else if (json_path_is(path, "Config", "Labels", "com.docker.compose.project", NULL))
		stored_note(arg, PROJECT, v);
	return 0;
}

static void take_image_id(struct metadata *m, const struct stored_text *t, unsigned visitor)
{
	size_t len;
	const char *value = stored_value(t, IMAGE, &len);

	(void)visitor;
	if (value)
		metadata_set(m, METADATA_IMAGE, value, len);
	if (!t->found.at[PROJECT].end)
		return;
	value = stored_value(t, PROJECT, &len);
	if (value)
		metadata_set(m, METADATA_POD, value, len);
	/* one that is no name must not count as none, which would be anybody's */
	if (!m->pod[0])
		metadata_set_raw(m, METADATA_POD, "?");
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
	char *text = malloc(DAEMON_JSON_MAX + 1), file[PATH_MAX] = DAEMON_JSON;
	struct error ignored;
	ssize_t len;

	snprintf(root, PATH_MAX, "%s", DATA_ROOT);
	if (geteuid() != 0) {
		user_path(root, "XDG_DATA_HOME", ".local/share", USER_DATA_ROOT);
		user_path(file, "XDG_CONFIG_HOME", ".config", USER_DAEMON_JSON);
	}
	len = text ? far_read_file(file, FILE_TRUSTED | FILE_SYMLINK, text, DAEMON_JSON_MAX,
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

static bool config_v2_path(char *out, size_t size, const char *dir, const char *id,
			   unsigned *visitor)
{
	(void)dir;
	*visitor = 0;
	snprintf(out, size, "containers/%s/config.v2.json", id);
	return true;
}

static void fill_stored(json_visit visit,
			void (*take)(struct metadata *m, const struct stored_text *t,
				     unsigned visitor),
			struct stored_container *c, size_t n)
{
	char root[PATH_MAX];
	const struct stored_source source = {
		.root = root,
		.is_dir = is_remapped_root,
		.is_id = is_docker_id,
		.path = config_v2_path,
		.visit = { visit },
		.take = take,
	};

	if (!n)
		return;
	find_data_root(root);
	stored_names_fill(&source, c, n);
}

void docker_names_fill(struct stored_container *c, size_t n)
{
	fill_stored(visit_config, take_config, c, n);
}

void docker_image_ids_fill(struct stored_container *c, size_t n)
{
	fill_stored(visit_image_id, take_image_id, c, n);
}
