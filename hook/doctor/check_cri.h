/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what pods need of containerd beside a runtime: CRI, and where they have the agent, NRI. */
#ifndef KSM_CHECK_CRI_H
#define KSM_CHECK_CRI_H

#include <stdbool.h>

#include "doctor/containerd_off.h"
#include "doctor/findings.h"
#include "doctor/kubelet.h"

/*
 * Without CRI there are no pods, which matters to those that have a runtime of ours or a kubelet:
 * Docker's own package of containerd switches it off. False where nothing else is worth a word.
 */
bool check_cri(struct doctor *d, const struct containerd_config *files,
	       const struct containerd_config *in_effect, bool ours,
	       enum kubelet_runtime kubelet);

/* Where no runtime of ours is set: what else makes pods mergeable, and whether there are any. */
void report_no_containerd_runtime(struct doctor *d, enum kubelet_runtime kubelet,
				  const struct containerd_switched *nri);

#endif
