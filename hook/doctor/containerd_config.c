/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of containerd's CRI plugin, by its files: what they set, and where. */
#include "doctor/containerd_config.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "doctor/toml.h"
#include "policy/annotations.h"

struct containerd_scan {
	struct containerd_config *config;
	const char *file;
};

static const char *const plugin_names[CRI_PLUGINS] = {
	[CRI_PLUGIN_V1] = "cri",
	[CRI_PLUGIN_V2] = "io.containerd.grpc.v1.cri",
	[CRI_PLUGIN_V3] = "io.containerd.cri.v1.runtime",
};

/* What is not absolute is looked for beside the file that names it. Each once: files may import each other. */
static void take_import(struct containerd_scan *s, const char *path)
{
	struct containerd_config *c = s->config;
	struct containerd_import *next = &c->import[c->imports];
	const char *slash = strrchr(s->file, '/');
	int dir = path[0] != '/' && slash ? (int)(slash + 1 - s->file) : 0;

	if (c->imports == CONTAINERD_IMPORTS_MAX) {
		c->unread = true;
		return;
	}
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (snprintf(next->path, sizeof(next->path), "%.*s%s", dir, s->file, path) >=
		    (int)sizeof(next->path) ||
	    snprintf(next->from, sizeof(next->from), "%s", s->file) >=
		    (int)sizeof(next->from)) {
		c->unread = true;
		return;
	}
	next->relative = dir != 0;
	for (size_t i = 0; i < c->imports; i++) {
		if (strcmp(c->import[i].path, next->path) == 0)
			return;
	}
	c->imports++;
}

/* That of the plugin and the name, a new one if need be; NULL where there is no room for it. */
static struct containerd_runtime *runtime_of_name(struct containerd_config *c,
						  enum cri_plugin plugin, const char *name)
{
	struct containerd_runtime *r = c->runtime;

	for (; r < c->runtime + c->n; r++) {
		if (r->plugin == plugin && strcmp(r->name, name) == 0)
			return r;
	}
	if (c->n == CONTAINERD_RUNTIMES_MAX || strlen(name) >= sizeof(r->name)) {
		c->truncated = true;
		return NULL;
	}
	*r = (struct containerd_runtime){ .plugin = plugin, .headed = true };
	snprintf(r->name, sizeof(r->name), "%s", name);
	c->n++;
	return r;
}

static struct containerd_place containerd_place_of(const struct containerd_scan *s, int line)
{
	struct containerd_place at = { .line = line };

	snprintf(at.file, sizeof(at.file), "%s", s->file);
	return at;
}

static void take_annotations(const struct containerd_scan *s, struct containerd_annotations *a,
			     const struct toml_value *v)
{
	*a = (struct containerd_annotations){ .given = true,
					      .list = v->type == TOML_LIST,
					      .at = containerd_place_of(s, v->line) };
	/* containerd matches by Go's path.Match, for which only a slash is special beside these */
	for (size_t i = 0; v->type == TOML_LIST && i < v->n; i++)
		a->merge |= fnmatch(v->text[i], ANNOTATION_PREFIX "merge", FNM_PATHNAME) == 0;
}

/* CRI_PLUGINS: another plugin's. */
static enum cri_plugin plugin_of(const struct toml_path *p)
{
	int i = 0;

	if (p->depth < 2 || strcmp(p->key[0], "plugins") != 0)
		return CRI_PLUGINS;
	while (i < CRI_PLUGINS && strcmp(p->key[1], plugin_names[i]) != 0)
		i++;
	return (enum cri_plugin)i;
}

/* plugins.PLUGIN.containerd.runtimes.NAME.KEY */
static bool is_runtime_setting(const struct toml_path *p)
{
	return p->depth >= 6 && strcmp(p->key[2], "containerd") == 0 &&
	       strcmp(p->key[3], "runtimes") == 0;
}

static void take_runtime_setting(const struct containerd_scan *s, struct containerd_runtime *r,
				 const struct toml_path *p, const struct toml_value *v)
{
	const char *key = p->key[p->depth - 1];

	if (p->depth == 6)
		r->table = containerd_place_of(s, p->table_depth == 5 ? p->table_line : 0);
	if (p->depth == 6 && strcmp(key, "pod_annotations") == 0) {
		take_annotations(s, &r->pod, v);
	} else if (p->depth == 6 && strcmp(key, "container_annotations") == 0) {
		take_annotations(s, &r->container, v);
	} else if (p->depth == 6 && strcmp(key, "runtime_type") == 0) {
		if (snprintf(r->type, sizeof(r->type), "%s",
			     v->type == TOML_STRING ? v->text[0] : "") >= (int)sizeof(r->type))
			snprintf(r->type, sizeof(r->type), "%.*s...", 32, v->text[0]);
		r->type_given = true;
		r->typed = containerd_place_of(s, v->line);
	} else if (p->depth == 7 && strcmp(p->key[5], "options") == 0 &&
		   /* go-toml takes the names of fields in any case */
		   strcasecmp(key, "BinaryName") == 0 && v->type == TOML_STRING) {
		r->option = containerd_place_of(s, v->line);
		snprintf(r->binary, sizeof(r->binary), "%s", v->text[0]);
	}
}

static void take_version(const struct containerd_scan *s, const struct toml_value *v)
{
	struct containerd_config *c = s->config;
	long version;

	/* what is below 0 no release has a meaning for */
	if (!toml_integer(v, &version) || version < 0 || version > INT_MAX) {
		if (!c->odd_version.line)
			c->odd_version = containerd_place_of(s, v->line);
		return;
	}
	c->version = (int)version;
	if (c->version)
		c->last_version = c->version;
	if (c->files == 0)
		c->root_version = c->version;
}

static void take_disabled(const struct containerd_scan *s, const struct toml_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; k < CONTAINERD_NEEDED; k++) {
			const char *name = containerd_needed_name((enum containerd_needed)k);
			struct containerd_off *off = &s->config->off[k];

			if (strcmp(v->text[i], name) == 0)
				off->whole = containerd_place_of(s, v->line);
			else if (strcmp(v->text[i], strrchr(name, '.') + 1) == 0)
				off->last = containerd_place_of(s, v->line);
		}
	}
}

static void take_nri(const struct containerd_scan *s, const struct toml_value *v)
{
	static const char yes[] = "true";

	s->config->nri_disable = v->bare && strncmp(v->bare, yes, sizeof(yes) - 1) == 0;
	s->config->nri_set = containerd_place_of(s, v->line);
}

/* plugins.PLUGIN.containerd.snapshotter of 1.x, plugins.IMAGES.snapshotter of 2.x */
static bool is_snapshotter(const struct toml_path *p, enum cri_plugin plugin)
{
	return toml_path_is(p, "plugins", containerd_needed_name(NEEDED_CRI_IMAGES),
			    "snapshotter", NULL) ||
	       (plugin != CRI_PLUGINS && p->depth == 4 &&
		strcmp(p->key[2], "containerd") == 0 && strcmp(p->key[3], "snapshotter") == 0);
}

static void take_snapshotter(struct containerd_config *c, const struct toml_value *v)
{
	const char *by_default = strrchr(containerd_needed_name(NEEDED_OVERLAYFS), '.') + 1;

	c->other_snapshotter =
		v->type == TOML_STRING && v->text[0][0] && strcmp(v->text[0], by_default) != 0;
}

/* plugins.PLUGIN.containerd.default_runtime_name, or .default_runtime.runtime_type of 1.x */
static void take_default(const struct containerd_scan *s, enum cri_plugin plugin,
			 const struct toml_path *p, const struct toml_value *v)
{
	struct containerd_default *d = &s->config->default_runtime[plugin];
	const char *text = v->type == TOML_STRING ? v->text[0] : "";

	if (p->depth == 5 && strcmp(p->key[3], "default_runtime") == 0 &&
	    strcmp(p->key[4], "runtime_type") == 0)
		d->table = text[0];
	if (p->depth != 4 || strcmp(p->key[3], "default_runtime_name") != 0)
		return;
	d->given = true;
	d->at = containerd_place_of(s, v->line);
	/* a runtime of such a name is not kept either */
	if (snprintf(d->name, sizeof(d->name), "%s", text) >= (int)sizeof(d->name))
		s->config->truncated = true;
}

static void visit_containerd_config(void *arg, const struct toml_path *p,
				    const struct toml_value *v)
{
	struct containerd_scan *s = arg;
	struct containerd_config *c = s->config;
	enum cri_plugin plugin = plugin_of(p);
	struct containerd_runtime *r;

	if (toml_path_is(p, "imports", NULL)) {
		c->unread = c->unread || v->type != TOML_LIST;
		for (size_t i = 0; i < v->n; i++)
			take_import(s, v->text[i]);
	} else if (toml_path_is(p, "version", NULL)) {
		take_version(s, v);
	} else if (toml_path_is(p, "disabled_plugins", NULL)) {
		take_disabled(s, v);
	} else if (toml_path_is(p, "plugins", containerd_needed_name(NEEDED_NRI), "disable",
				NULL)) {
		take_nri(s, v);
	} else if (is_snapshotter(p, plugin)) {
		take_snapshotter(c, v);
	}
	if (plugin == CRI_PLUGINS)
		return;
	snprintf(c->section[plugin], sizeof(c->section[plugin]), "%s", s->file);
	if (p->depth >= 4 && strcmp(p->key[2], "containerd") == 0)
		take_default(s, plugin, p, v);
	r = is_runtime_setting(p) ? runtime_of_name(c, plugin, p->key[4]) : NULL;
	if (!r)
		return;
	r->headed = r->headed && p->table_depth >= 5 && p->table_plain &&
		    (!r->file[0] || strcmp(r->file, s->file) == 0);
	snprintf(r->file, sizeof(r->file), "%s", s->file);
	r->version = c->version > 0 ? c->version : c->root_version > 0 ? c->root_version : 1;
	take_runtime_setting(s, r, p, v);
}

int containerd_config_parse(struct containerd_config *c, const char *file, char *text,
			    struct error *err)
{
	struct containerd_scan s = { .config = c, .file = file };
	int r;

	c->version = 0;
	r = toml_scan(file, text, visit_containerd_config, &s, err);
	c->files++;
	return r;
}
