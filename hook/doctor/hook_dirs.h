/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of hooks, which podman and CRI-O read by the same rules (oci-hooks(5)). */
#ifndef KSM_HOOK_DIRS_H
#define KSM_HOOK_DIRS_H

#include "doctor/findings.h"

/* Where both look unless configured otherwise, whatever our prefix is. */
#define HOOKS_DIR "/usr/share/containers/oci/hooks.d"

#define HOOK_DIRS_MAX 16

struct hook_dirs {
	bool more; /* there are others, or one of a longer name */
	char dir[HOOK_DIRS_MAX][256];
	size_t n;
};

/* One that does not fit is left out. */
void hook_dirs_add(struct hook_dirs *dirs, const char *dir);

/* Look for our hook in an engine's directories; a later one masks files of earlier ones. */
void hook_dirs_check(struct doctor *d, const char *engine, const struct hook_dirs *dirs);

#endif
