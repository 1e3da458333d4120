/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: directories of hooks, which podman and CRI-O read by the same rules. */
#ifndef KSM_CHECK_HOOKS_H
#define KSM_CHECK_HOOKS_H

#include "doctor/findings.h"

/* Where both look unless told otherwise, whatever our prefix is. */
#define HOOKS_DIR "/usr/share/containers/oci/hooks.d"

#define HOOKS_DIRS_MAX 16

struct hooks_dirs {
	char dir[HOOKS_DIRS_MAX][256];
	size_t n;
};

/* Look for our hook in an engine's directories; a later one masks files of earlier ones. */
void check_hooks(struct doctor *d, const char *engine, const struct hooks_dirs *dirs);

#endif
