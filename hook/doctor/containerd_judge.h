/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what is wrong with a runtime of ours in containerd's configuration. */
#ifndef KSM_CONTAINERD_JUDGE_H
#define KSM_CONTAINERD_JUDGE_H

#include "doctor/containerd_config.h"
#include "doctor/findings.h"

/*
 * The plugin's name in a configuration of that version: every release that reads one takes it,
 * and no other name is taken by all of them.
 */
enum cri_plugin containerd_plugin_of(int version);

/* What containerd itself says of a runtime (containerd config dump). */
enum containerd_effect {
	EFFECT_UNKNOWN, /* it was not asked, did not answer, or has more than we look at */
	EFFECT_TAKEN,   /* it has the runtime */
	EFFECT_DROPPED  /* it has not */
};

/*
 * Is it set for a plugin that this version does not have, and once more, by the same name, for the one
 * that it has? Then that counts.
 */
bool containerd_runtime_is_repeated(const struct containerd_config *c,
				    const struct containerd_runtime *r);

/*
 * Of a runtime of the files, into which goes what containerd has taken of it. in_effect is its answer,
 * NULL where there is none.
 */
enum containerd_effect containerd_effect_of(const struct containerd_config *in_effect,
					    struct containerd_runtime *r);

/*
 * Add findings where containerd drops the runtime, or cannot start it: the plugin's name is none
 * of this version of the configuration, there is no runtime_type, another file's section takes its
 * place. False where no release of containerd has it, or this one has not.
 */
bool containerd_runtime_judge(struct doctor *d, const struct containerd_config *c,
			      const struct containerd_runtime *r,
			      enum containerd_effect effect);

/* Add a finding about the annotations that it is given, with a command where its table has a line. */
void containerd_annotations_judge(struct doctor *d, const struct containerd_runtime *r);

#endif
