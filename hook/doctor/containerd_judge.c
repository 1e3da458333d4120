/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what is wrong with a runtime of ours in containerd's configuration. */
#include "doctor/containerd_judge.h"

#include <stdio.h>
#include <string.h>

/* path.Match: "*" stops at the slash of io.ksm.merge/container.NAME */
static const char all_ours[] = "[\"io.ksm.*\", \"io.ksm.*/*\"]";

#define RESTART " && systemctl restart containerd"

/*
 * For each name of the plugin: what finds it in the headers of all runtimes (or, of a name that keeps
 * containerd 1.x from starting, in every header), and how it is written.
 */
static const struct {
	const char *pattern, *text, *shown;
} written[CRI_PLUGINS] = {
	[CRI_PLUGIN_V1] = { "\\<cri\\([].]\\)", "cri", "cri" },
	[CRI_PLUGIN_V2] = { ".io[.]containerd[.]grpc[.]v1[.]cri.\\([.]containerd[.]runtimes[.]"
			    "\\)",
			    "\"io.containerd.grpc.v1.cri\"", "io.containerd.grpc.v1.cri" },
	[CRI_PLUGIN_V3] = { ".io[.]containerd[.]cri[.]v1[.]runtime.\\([.]containerd[.]runtimes["
			    ".]\\)",
			    "\"io.containerd.cri.v1.runtime\"",
			    "io.containerd.cri.v1.runtime" },
};

enum cri_plugin containerd_plugin_of(int version)
{
	return version <= 1 ? CRI_PLUGIN_V1 : version == 2 ? CRI_PLUGIN_V2 : CRI_PLUGIN_V3;
}

static bool has_right_plugin(const struct containerd_runtime *r)
{
	return r->plugin == containerd_plugin_of(r->version);
}

bool containerd_runtime_is_repeated(const struct containerd_config *c,
				    const struct containerd_runtime *r)
{
	for (size_t i = 0; i < c->n && !has_right_plugin(r); i++) {
		if (strcmp(c->runtime[i].name, r->name) == 0 &&
		    has_right_plugin(&c->runtime[i]))
			return true;
	}
	return false;
}

/* NULL: it has none of that name with that program. */
static const struct containerd_runtime *
runtime_of_answer(const struct containerd_config *in_effect, const struct containerd_runtime *r)
{
	enum cri_plugin plugin = containerd_plugin_of(in_effect->root_version);

	for (size_t i = 0; i < in_effect->n; i++) {
		const struct containerd_runtime *e = &in_effect->runtime[i];

		/* what 2.x does not know it hands through */
		if (e->plugin == plugin && strcmp(e->name, r->name) == 0 &&
		    strcmp(e->binary, r->binary) == 0)
			return e;
	}
	return NULL;
}

enum containerd_effect containerd_effect_of(const struct containerd_config *in_effect,
					    struct containerd_runtime *r)
{
	const struct containerd_runtime *e = in_effect ? runtime_of_answer(in_effect, r) : NULL;

	if (!e)
		return !in_effect || in_effect->truncated ? EFFECT_UNKNOWN : EFFECT_DROPPED;
	/* what has no effect where it stands is not to be edited there */
	if ((r->pod.merge && !e->pod.merge) || (r->container.merge && !e->container.merge))
		r->table.line = 0;
	r->answered = in_effect->root_version;
	if (strcmp(r->type, e->type) != 0)
		r->typed.line = 0;
	memcpy(r->type, e->type, sizeof(r->type));
	r->pod.merge = e->pod.merge;
	r->container.merge = e->container.merge;
	return EFFECT_TAKEN;
}

/*
 * From 2.0 on, a configuration is migrated version by version, and a long name stays what it is
 * until its own turn comes: what a 1.x drops in versions 1 and 2 is taken then.
 */
static bool is_taken_since_2(const struct containerd_runtime *r)
{
	return r->plugin != CRI_PLUGIN_V1 && r->version <= 2;
}

static bool judge_plugin(struct doctor *d, const struct containerd_runtime *r,
			 enum containerd_effect effect)
{
	enum cri_plugin right = containerd_plugin_of(r->version);
	bool later = is_taken_since_2(r) && effect == EFFECT_UNKNOWN;
	struct shell_word file;
	struct finding *f;

	if (r->plugin == right)
		return true;
	f = finding_add(
		d, later ? FINDING_WARNING : FINDING_BROKEN, ID_CONTAINERD_RUNTIME,
		later ? "containerd before 2.0 drops the runtime without a word, and "
			"pods of its handler fail" :
			"containerd drops the runtime, or does not start, and pods of its "
			"handler fail",
		"%s is a configuration of version %d, which has no plugin %s: see the "
		"runtime %s",
		r->file, r->version, written[r->plugin].shown, r->name);
	if (r->headed)
		finding_fix(f, "sed -i '/^[[:blank:]]*[[]plugins/s|%s|%s\\1|' %s" RESTART,
			    written[r->plugin].pattern, written[right].text,
			    shell_word(&file, r->file));
	else
		finding_advise(f, "set it for the plugin %s", written[right].shown);
	return later;
}

#define RUNC_TYPE "io.containerd.runc.v2"

/* False where there is none, or none that calls the runtime that BinaryName names. */
static bool judge_type(struct doctor *d, const struct containerd_runtime *r)
{
	bool gone = r->version >= 3 || r->answered >= 3;
	struct shell_word file;
	struct finding *f;

	if (strcmp(r->type, RUNC_TYPE) == 0)
		return true;
	if (strcmp(r->type, "io.containerd.runc.v1") != 0) {
		f = finding_add(d, FINDING_BROKEN, ID_CONTAINERD_RUNTIME,
				r->type[0] ? "only " RUNC_TYPE " starts pods by the program "
					     "that BinaryName names" :
					     "no pod of that runtime can start",
				"the runtime %s of %s has %s%s", r->name, r->file,
				r->type[0] ? "the runtime_type " : "no runtime_type", r->type);
	} else if (gone || !r->answered) {
		f = finding_add(
			d, gone ? FINDING_BROKEN : FINDING_WARNING, ID_CONTAINERD_RUNTIME,
			gone ? "no pod of that runtime can start" :
			       "from containerd 2.0 on no pod of that runtime can start",
			"the runtime %s of %s has the runtime_type %s, which "
			"containerd 2.0 took away",
			r->name, r->file, r->type);
	} else {
		return true;
	}
	if (r->table.line && !r->type_given)
		finding_fix(f, "sed -i '%da runtime_type = \"" RUNC_TYPE "\"' %s" RESTART,
			    r->table.line, shell_word(&file, r->table.file));
	else if (r->typed.line && r->headed && r->type[0] &&
		 !r->type[strcspn(r->type, " \t#|")])
		finding_fix(f,
			    "sed -i '%ds|=[[:blank:]]*[^[:blank:]#]*|= \"" RUNC_TYPE
			    "\"|' %s" RESTART,
			    r->typed.line, shell_word(&file, r->typed.file));
	else
		finding_advise(f, "%s runtime_type = \"" RUNC_TYPE "\" %s it",
			       r->type_given ? "set" : "add", r->type_given ? "in" : "to");
	return f->level != FINDING_BROKEN;
}

/* A file that is imported later and says anything of the plugin. */
static void judge_section(struct doctor *d, const struct containerd_config *c,
			  const struct containerd_runtime *r, enum containerd_effect effect)
{
	const char *last = c->section[r->plugin], *first = r->option.file;
	struct finding *f;

	if (strcmp(last, first) == 0)
		return;
	f = finding_add(
		d, effect == EFFECT_DROPPED ? FINDING_BROKEN : FINDING_WARNING,
		ID_CONTAINERD_RUNTIME,
		"containerd 1.x takes the last file's section of a plugin in place of all "
		"before it, so it has no such runtime",
		"%s sets the runtime %s, and %s has a section of the plugin %s too", first,
		r->name, last, written[r->plugin].shown);
	finding_advise(f, "move what is set for the plugin into one of the two files");
}

bool containerd_runtime_judge(struct doctor *d, const struct containerd_config *c,
			      const struct containerd_runtime *r, enum containerd_effect effect)
{
	bool taken = true;
	size_t before = d->n;
	struct finding *f;

	if (effect != EFFECT_TAKEN) {
		taken = judge_plugin(d, r, effect);
		judge_section(d, c, r, effect);
	}
	if (effect == EFFECT_DROPPED && d->n == before) {
		f = finding_add(d, FINDING_BROKEN, ID_CONTAINERD_RUNTIME,
				"no pod of that runtime can start",
				"containerd does not have the runtime %s that %s sets with %s",
				r->name, r->option.file, r->binary);
		finding_advise(f, "look for what takes its place in: containerd config dump");
	}
	return judge_type(d, r) && taken && effect != EFFECT_DROPPED;
}

/*
 * A list that is there gets one more element; one that is not, a line after its table's. False
 * where there is nothing to edit.
 */
static bool write_list_edit(char *out, size_t size, const struct containerd_runtime *r,
			    const struct containerd_annotations *a, const char *key)
{
	if (a->merge)
		return false;
	if (a->given)
		snprintf(out, size, " -e '%ds|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |'",
			 a->at.line);
	else
		snprintf(out, size, " -e '%da %s = %s'", r->table.line, key, all_ours);
	return true;
}

/* Where the edit has to be made. */
static const char *edited_file(const struct containerd_runtime *r,
			       const struct containerd_annotations *a)
{
	return a->given ? a->at.file : r->table.file;
}

/* What is there and no list of strings has no place for one more, and containerd refuses it. */
static bool can_edit(const struct containerd_annotations *a)
{
	return !a->given || a->list;
}

static void fix_annotations(struct finding *f, const struct containerd_runtime *r)
{
	char pod[128] = "", container[128] = "";
	const char *file = edited_file(r, &r->pod), *other = edited_file(r, &r->container);
	struct shell_word first, second;
	bool both;

	/* an inline table has no line to put one after */
	if (!r->table.line || !can_edit(&r->pod) || !can_edit(&r->container)) {
		finding_advise(f,
			       "add pod_annotations = %s and container_annotations = %s to it",
			       all_ours, all_ours);
		return;
	}
	both = write_list_edit(pod, sizeof(pod), r, &r->pod, "pod_annotations");
	both &= write_list_edit(container, sizeof(container), r, &r->container,
				"container_annotations");
	if (both && strcmp(file, other) != 0)
		finding_fix(f, "sed -i%s %s && sed -i%s %s" RESTART, pod,
			    shell_word(&first, file), container, shell_word(&second, other));
	else
		finding_fix(f, "sed -i%s%s %s" RESTART, pod, container,
			    shell_word(&first, r->pod.merge ? other : file));
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
