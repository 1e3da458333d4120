/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: does containerd's configuration switch CRI off, without which it starts no pods, or NRI? */
#ifndef KSM_CONTAINERD_OFF_H
#define KSM_CONTAINERD_OFF_H

#include "doctor/containerd_config.h"
#include "doctor/findings.h"

enum containerd_switch {
	SWITCH_ON,
	SWITCH_MAYBE, /* by some releases */
	SWITCH_OFF
};

struct containerd_switched {
	enum containerd_switch is;
	const char *by;                    /* the name in disabled_plugins; NULL: "disable" */
	const struct containerd_place *at; /* line 0: in no file that was read */
};

/* in_effect is containerd's own answer, NULL where there is none. */
struct containerd_switched containerd_cri(const struct containerd_config *files,
					  const struct containerd_config *in_effect);
struct containerd_switched containerd_nri(const struct containerd_config *files,
					  const struct containerd_config *in_effect);

/*
 * Without the runtime that pods get which name none, CRI does not run. *name is that; at is where it is
 * named.
 */
struct containerd_switched containerd_default(const struct containerd_config *files,
					      const struct containerd_config *in_effect,
					      const char **name);

/* How to put one of the first two right, as advice. */
#define CONTAINERD_ON_MAX 512
const char *containerd_switch_on(const struct containerd_switched *s,
				 char out[CONTAINERD_ON_MAX]);

#endif
