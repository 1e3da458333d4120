/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: does containerd's configuration switch CRI off, without which it starts no pods, or NRI? */
#include "doctor/containerd_off.h"

#include <stdio.h>
#include <string.h>

#include "doctor/containerd_judge.h"

/* By the files alone: of version 1 all releases before 2.0 take the last part of a name only. */
static enum containerd_switch by_files(const struct containerd_config *files,
				       enum containerd_needed plugin)
{
	const struct containerd_off *off = &files->off[plugin];
	bool later = containerd_needed_later(plugin);

	/* where the version is another, containerd refuses such a name: it is not well either */
	if (off->last.line)
		return later ? SWITCH_MAYBE : SWITCH_OFF;
	if (!off->whole.line)
		return SWITCH_ON;
	return files->last_version <= 1 || (later && files->last_version == 2) ? SWITCH_MAYBE :
										 SWITCH_OFF;
}

/* As containerd has put it together; before 2.0 it says version 2 of each, and changes no name. */
static enum containerd_switch by_answer(const struct containerd_config *files,
					const struct containerd_config *in_effect,
					enum containerd_needed plugin)
{
	const struct containerd_off *off = &in_effect->off[plugin];

	if (in_effect->root_version >= 3)
		return off->whole.line ? SWITCH_OFF : SWITCH_ON;
	if (files->last_version <= 1 ? !off->last.line : !off->whole.line)
		return SWITCH_ON;
	return containerd_needed_later(plugin) ? SWITCH_MAYBE : SWITCH_OFF;
}

static struct containerd_switched switch_of(const struct containerd_config *files,
					    const struct containerd_config *in_effect,
					    enum containerd_needed plugin)
{
	const struct containerd_off *off = &files->off[plugin];

	return (struct containerd_switched){
		.is = in_effect ? by_answer(files, in_effect, plugin) : by_files(files, plugin),
		.by = containerd_needed_name(plugin),
		.at = off->whole.line ? &off->whole : &off->last,
	};
}

struct containerd_switched containerd_cri(const struct containerd_config *files,
					  const struct containerd_config *in_effect)
{
	const struct containerd_config *c = in_effect ? in_effect : files;
	struct containerd_switched worst = { .is = SWITCH_ON };

	for (int i = NEEDED_CRI; i < NEEDED_NRI; i++) {
		struct containerd_switched s =
			switch_of(files, in_effect, (enum containerd_needed)i);

		/* 1.x does without; in 2.x the transfer plugin has a setting of its own for it */
		if (i == NEEDED_OVERLAYFS && c->other_snapshotter && s.is == SWITCH_OFF)
			s.is = c->root_version >= 3 ? SWITCH_MAYBE : SWITCH_ON;
		if (s.is > worst.is)
			worst = s;
	}
	return worst;
}

struct containerd_switched containerd_nri(const struct containerd_config *files,
					  const struct containerd_config *in_effect)
{
	struct containerd_switched s = switch_of(files, in_effect, NEEDED_NRI);
	const struct containerd_config *set = in_effect ? in_effect : files;

	if (s.is == SWITCH_ON && set->nri_set.line && set->nri_disable)
		s = (struct containerd_switched){ .is = SWITCH_OFF, .at = &files->nri_set };
	return s;
}

static bool has_runtime_of(const struct containerd_config *c, enum cri_plugin plugin,
			   const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->runtime[i].plugin == plugin &&
		    (!name || strcmp(c->runtime[i].name, name) == 0))
			return true;
	}
	return false;
}

/*
 * Before 2.0 runtimes that are set take the place of the one that is built in, runc; 2.x has it beside
 * them.
 */
struct containerd_switched containerd_default(const struct containerd_config *files,
					      const struct containerd_config *in_effect,
					      const char **name)
{
	static const char built_in[] = "runc";
	const struct containerd_config *c = in_effect ? in_effect : files;
	enum cri_plugin plugin = containerd_plugin_of(c->root_version);
	const struct containerd_default *d = &c->default_runtime[plugin];
	struct containerd_switched s = {
		.is = SWITCH_ON,
		.at = &files->default_runtime[containerd_plugin_of(files->root_version)].at
	};

	*name = d->given ? d->name : built_in;
	/* what was not read, or not kept, may have it */
	if (d->table || c->truncated || c->unread || !has_runtime_of(c, plugin, NULL) ||
	    has_runtime_of(c, plugin, *name))
		return s;
	if (in_effect || strcmp(*name, built_in) != 0)
		s.is = SWITCH_OFF;
	else if (files->root_version < 3)
		s.is = SWITCH_MAYBE;
	return s;
}

const char *containerd_switch_on(const struct containerd_switched *s,
				 char out[CONTAINERD_ON_MAX])
{
	bool known = s->at->line;

	if (s->by)
		snprintf(out, CONTAINERD_ON_MAX,
			 "take %s (or the last part of it) out of disabled_plugins%s%s", s->by,
			 known ? " in " : "", known ? s->at->file : "");
	else
		snprintf(out, CONTAINERD_ON_MAX,
			 "set disable = false in [plugins.\"%s\"] of %s",
			 containerd_needed_name(NEEDED_NRI),
			 known ? s->at->file : "containerd's configuration");
	return out;
}
