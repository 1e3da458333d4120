/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of containerd's CRI plugin, and which annotations reach them. */
#include "doctor/containerd_config.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "doctor/toml.h"

/* path.Match: "*" stops at the slash of io.ksm.merge/container.NAME */
static const char all_ours[] = "[\"io.ksm.*\", \"io.ksm.*/*\"]";

struct containerd_scan {
	struct containerd_config *config;
	const char *file;
};

/* Each once: files may import each other. */
static void take_import(struct containerd_config *c, const char *glob)
{
	size_t size = strlen(glob) + 1;

	if (glob[0] != '/' || size > sizeof(c->import[0]) ||
	    c->imports == CONTAINERD_IMPORTS_MAX)
		return;
	for (size_t i = 0; i < c->imports; i++) {
		if (strcmp(c->import[i], glob) == 0)
			return;
	}
	memcpy(c->import[c->imports++], glob, size);
}

/* That of the name, a new one if need be; NULL where there is no room. */
static struct containerd_runtime *runtime_of_name(struct containerd_config *c, const char *name)
{
	struct containerd_runtime *r = c->runtime;

	for (; r < c->runtime + c->n; r++) {
		if (strcmp(r->name, name) == 0)
			return r;
	}
	if (c->n == CONTAINERD_RUNTIMES_MAX)
		return NULL;
	*r = (struct containerd_runtime){ 0 };
	snprintf(r->name, sizeof(r->name), "%s", name);
	c->n++;
	return r;
}

static void take_annotations(struct containerd_annotations *a, const struct toml_value *v)
{
	*a = (struct containerd_annotations){ .given = true, .line = v->line };
	/* containerd matches by Go's path.Match, for which only a slash is special beside these */
	for (size_t i = 0; v->type == TOML_LIST && i < v->n; i++)
		a->merge |= fnmatch(v->text[i], ANNOTATION_PREFIX "merge", FNM_PATHNAME) == 0;
}

/* plugins.PLUGIN.containerd.runtimes.NAME.KEY, of the CRI plugin before and since 2.0 */
static bool is_runtime_setting(const struct toml_path *p)
{
	return p->depth >= 6 && strcmp(p->key[0], "plugins") == 0 &&
	       (strcmp(p->key[1], "io.containerd.grpc.v1.cri") == 0 ||
		strcmp(p->key[1], "io.containerd.cri.v1.runtime") == 0) &&
	       strcmp(p->key[2], "containerd") == 0 && strcmp(p->key[3], "runtimes") == 0;
}

static void take_runtime_setting(struct containerd_runtime *r, const struct toml_path *p,
				 const struct toml_value *v)
{
	const char *key = p->key[p->depth - 1];

	if (p->depth == 6)
		r->table_line = p->table_depth == 5 ? p->table_line : 0;
	if (p->depth == 6 && strcmp(key, "pod_annotations") == 0)
		take_annotations(&r->pod, v);
	else if (p->depth == 6 && strcmp(key, "container_annotations") == 0)
		take_annotations(&r->container, v);
	else if (p->depth == 7 && strcmp(p->key[5], "options") == 0 &&
		 strcmp(key, "BinaryName") == 0 && v->type == TOML_STRING)
		snprintf(r->binary, sizeof(r->binary), "%s", v->text[0]);
}

static void visit_containerd_config(void *arg, const struct toml_path *p,
				    const struct toml_value *v)
{
	struct containerd_scan *s = arg;
	struct containerd_runtime *r;

	if (toml_path_is(p, "imports", NULL)) {
		for (size_t i = 0; i < v->n; i++)
			take_import(s->config, v->text[i]);
		return;
	}
	r = is_runtime_setting(p) ? runtime_of_name(s->config, p->key[4]) : NULL;
	if (!r)
		return;
	snprintf(r->file, sizeof(r->file), "%s", s->file);
	take_runtime_setting(r, p, v);
}

int containerd_config_parse(struct containerd_config *c, const char *file, char *text,
			    struct error *err)
{
	struct containerd_scan s = { .config = c, .file = file };

	return toml_scan(file, text, visit_containerd_config, &s, err);
}

/* A list that is there gets one more element; one that is not, a line after its table's. */
static void write_list_edit(char *out, size_t size, const struct containerd_runtime *r,
			    const struct containerd_annotations *a, const char *key)
{
	if (a->merge)
		snprintf(out, size, "%s", "");
	else if (a->given)
		snprintf(out, size, " -e '%ds|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |'", a->line);
	else
		snprintf(out, size, " -e '%da %s = %s'", r->table_line, key, all_ours);
}

static void fix_annotations(struct finding *f, const struct containerd_runtime *r)
{
	char pod[128], container[128];

	/* an inline table has no line to put one after */
	if (!r->table_line) {
		finding_fix(f, "add pod_annotations = %s and container_annotations = %s to it",
			    all_ours, all_ours);
		return;
	}
	write_list_edit(pod, sizeof(pod), r, &r->pod, "pod_annotations");
	write_list_edit(container, sizeof(container), r, &r->container,
			"container_annotations");
	finding_fix(f, "sed -i%s%s %s && systemctl restart containerd", pod, container,
		    r->file);
}

void containerd_annotations_judge(struct doctor *d, const struct containerd_runtime *r)
{
	/* in runc's place only the annotation says that a pod is to be merged */
	bool decides = strstr(r->binary, "/ksm-hook/");
	struct finding *f;

	if (r->pod.merge && r->container.merge) {
		finding_add(d, FINDING_OK, ID_CONTAINERD_ANNOTATIONS, NULL,
			    "containerd passes io.ksm.* on to the runtime %s", r->name);
		return;
	}
	f = finding_add(d, decides ? FINDING_BROKEN : FINDING_WARNING,
			ID_CONTAINERD_ANNOTATIONS,
			decides ?
				"the wrapper never sees io.ksm.merge=true, so no pod is "
				"merged" :
				"the wrapper sees neither io.ksm.merge=false nor the "
				"annotations that the rules of /etc/ksm-hook/config.json match",
			"containerd does not pass io.ksm.* on to the runtime %s: see %s%s%s in "
			"%s",
			r->name, r->pod.merge ? "" : "pod_annotations",
			r->pod.merge || r->container.merge ? "" : ", ",
			r->container.merge ? "" : "container_annotations", r->file);
	fix_annotations(f, r);
}
