/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: containerd's CRI plugin: is the wrapper there, and do annotations reach it? */
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"
#include "doctor/findings.h"
#include "doctor/toml.h"

#define CONFIG_TOML "/etc/containerd/config.toml"

/* More runtimes, or files, than this are not looked at. */
#define RUNTIMES_MAX 32
#define FILES_MAX    32

/* Annotations that a list lets through. */
struct passed {
	bool given, merge; /* there is a list; it has io.ksm.merge */
	int line;
};

struct handler {
	char name[64], file[256], binary[256];
	int line; /* of its table */
	bool ours;
	struct passed pod, container;
};

struct containerd {
	struct doctor *d;
	const char *file;
	struct handler handler[RUNTIMES_MAX];
	size_t n;
	char *import[FILES_MAX];
	size_t imports;
};

static void add_imports(struct containerd *c, const struct toml_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		glob_t found;

		if (v->text[i][0] != '/' || glob(v->text[i], 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc && c->imports < FILES_MAX; k++) {
			c->import[c->imports] = strdup(found.gl_pathv[k]);
			c->imports += c->import[c->imports] != NULL;
		}
		globfree(&found);
	}
}

static struct handler *handler(struct containerd *c, const char *name)
{
	struct handler *h = c->handler;

	for (; h < c->handler + c->n; h++) {
		if (strcmp(h->name, name) == 0)
			return h;
	}
	if (c->n == RUNTIMES_MAX)
		return NULL;
	*h = (struct handler){ 0 };
	snprintf(h->name, sizeof(h->name), "%s", name);
	c->n++;
	return h;
}

static void set_passed(struct passed *p, const struct toml_value *v)
{
	*p = (struct passed){ .given = true, .line = v->line };
	/* containerd matches by Go's path.Match, for which only a slash is special beside these */
	for (size_t i = 0; v->type == TOML_LIST && i < v->n; i++)
		p->merge |= fnmatch(v->text[i], ANNOTATION_PREFIX "merge", FNM_PATHNAME) == 0;
}

/* plugins.PLUGIN.containerd.runtimes.NAME.KEY, of the CRI plugin before and since 2.0 */
static void visit(void *arg, const struct toml_path *p, const struct toml_value *v)
{
	struct containerd *c = arg;
	const char *key = p->depth ? p->key[p->depth - 1] : "";
	struct handler *h;

	if (toml_path_is(p, "imports", NULL)) {
		add_imports(c, v);
		return;
	}
	if (p->depth < 6 || strcmp(p->key[0], "plugins") != 0 ||
	    (strcmp(p->key[1], "io.containerd.grpc.v1.cri") != 0 &&
	     strcmp(p->key[1], "io.containerd.cri.v1.runtime") != 0) ||
	    strcmp(p->key[2], "containerd") != 0 || strcmp(p->key[3], "runtimes") != 0)
		return;
	h = handler(c, p->key[4]);
	if (!h)
		return;
	snprintf(h->file, sizeof(h->file), "%s", c->file);
	if (p->depth == 6)
		h->line = p->table_depth == 5 ? p->table_line : 0;
	if (p->depth == 6 && strcmp(key, "pod_annotations") == 0)
		set_passed(&h->pod, v);
	else if (p->depth == 6 && strcmp(key, "container_annotations") == 0)
		set_passed(&h->container, v);
	else if (p->depth == 7 && strcmp(p->key[5], "options") == 0 &&
		 strcmp(key, "BinaryName") == 0 && v->type == TOML_STRING) {
		snprintf(h->binary, sizeof(h->binary), "%s", v->text[0]);
		h->ours = h->binary[0] == '/' && check_is_ours(c->d, h->binary);
	}
}

static bool read_file(struct containerd *c, const char *path)
{
	char *text __cleanup(check_free) = NULL;
	struct error err;
	ssize_t n = check_read(path, &text, &err);

	c->file = path;
	if (n == -ENOENT)
		return true;
	if (n >= 0 && toml_scan(path, text, visit, c, &err) == 0)
		return true;
	check_unreadable(c->d, "containerd-config", &err);
	return false;
}

static bool program(struct doctor *d, const struct handler *h)
{
	struct error what, fix;
	struct finding *f;
	int r = check_program(h->binary, &what, &fix);

	if (r == 0) {
		check_add(d, CHECK_OK, "containerd-runtime", NULL,
			  "containerd's runtime %s is %s", h->name, h->binary);
		return true;
	}
	f = check_add(d, CHECK_BROKEN, "containerd-runtime", "no pod of that runtime can start",
		      "%s, which is the runtime %s of %s", what.msg, h->name, h->file);
	check_fix_program(d, f, r, h->file, h->binary, &fix);
	return false;
}

static const char pattern[] = "[\"io.ksm.*\"]";

/* A list that is there gets one more element; one that is not, a line behind its table's. */
static int fix_list(char *out, size_t size, const struct handler *h, const struct passed *p,
		    const char *key)
{
	if (p->merge)
		return snprintf(out, size, "%s", "");
	if (p->given)
		return snprintf(out, size, " -e '%ds/[[]/[\"io.ksm.*\", /'", p->line);
	return snprintf(out, size, " -e '%da %s = %s'", h->line, key, pattern);
}

static void annotations(struct doctor *d, const struct handler *h)
{
	char pod[128], container[128];
	/* in runc's place nothing but the annotation says that a pod is to be merged */
	bool decides = strstr(h->binary, "/ksm-hook/");
	struct finding *f;

	if (h->pod.merge && h->container.merge) {
		check_add(d, CHECK_OK, "containerd-annotations", NULL,
			  "containerd hands io.ksm.* down to the runtime %s", h->name);
		return;
	}
	f = check_add(
		d, decides ? CHECK_BROKEN : CHECK_WARNING, "containerd-annotations",
		decides ? "the wrapper never sees io.ksm.merge=true, so no pod is merged" :
			  "the wrapper never sees io.ksm.merge=false, nor what the rules of "
			  "config.json look at",
		"containerd does not hand io.ksm.* down to the runtime %s: see %s%s%s in "
		"%s",
		h->name, h->pod.merge ? "" : "pod_annotations",
		h->pod.merge || h->container.merge ? "" : ", ",
		h->container.merge ? "" : "container_annotations", h->file);
	fix_list(pod, sizeof(pod), h, &h->pod, "pod_annotations");
	fix_list(container, sizeof(container), h, &h->container, "container_annotations");
	/* an inline table has no line to put one behind */
	if (h->line)
		check_fix(f, "sed -i%s%s %s && systemctl restart containerd", pod, container,
			  h->file);
	else
		check_fix(f, "add pod_annotations = %s and container_annotations = %s to it",
			  pattern, pattern);
}

static void none(struct doctor *d)
{
	struct finding *f;

	if (!check_installed("kubelet") && access("/var/lib/kubelet/config.yaml", F_OK) < 0) {
		check_add(
			d, CHECK_OK, "containerd-runtime", NULL,
			"containerd has no runtime of ours, which only Kubernetes would need");
		return;
	}
	f = check_add(
		d, CHECK_WARNING, "containerd-runtime",
		"containerd calls no hooks: pods become mergeable by the runtime wrapper, "
		"by attach, or not at all",
		"there is a kubelet, and containerd has no runtime of ours");
	check_fix(f,
		  "add the runtime ksm-runc to " CONFIG_TOML " as docs/containerd.md has it, "
		  "and systemctl restart containerd");
}

void check_containerd(struct doctor *d)
{
	static struct containerd c;
	bool whole, any = false;

	if (!check_installed("containerd"))
		return;
	c.d = d;
	whole = read_file(&c, CONFIG_TOML);
	for (size_t i = 0; i < c.imports; i++) {
		whole = read_file(&c, c.import[i]) && whole;
	}
	for (size_t i = 0; i < c.n; i++) {
		if (!c.handler[i].ours)
			continue;
		any = true;
		if (program(d, &c.handler[i])) {
			d->registered.wrapper = true;
			annotations(d, &c.handler[i]);
		}
	}
	for (size_t i = 0; i < c.imports; i++)
		free(c.import[i]);
	if (!any && whole)
		none(d);
}
