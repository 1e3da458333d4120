/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what is wrong with a runtime of ours in containerd's configuration. */
#ifndef KSM_CONTAINERD_JUDGE_H
#define KSM_CONTAINERD_JUDGE_H

#include "doctor/containerd_config.h"
#include "doctor/findings.h"

/*
 * Add findings where containerd drops the runtime, or cannot start it: the plugin's name is none
 * of this version of the configuration, there is no runtime_type, another file's section takes its
 * place. False where no release of containerd has it.
 */
bool containerd_runtime_judge(struct doctor *d, const struct containerd_config *c,
			      const struct containerd_runtime *r);

/* Add a finding about the annotations that it is given. */
void containerd_annotations_judge(struct doctor *d, const struct containerd_runtime *r);

#endif
