/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: podman and CRI-O, which read hooks by the same rules. */
#ifndef KSM_HOOK_ENGINE_H
#define KSM_HOOK_ENGINE_H

#include "doctor/engine_config.h"
#include "doctor/findings.h"

/* Take over what a file sets, if it is there, or the drop-ins of a directory. */
void hook_engine_read(struct doctor *d, struct engine_config *c, const char *file);
void hook_engine_read_dir(struct doctor *d, struct engine_config *c, const char *dir,
			  const char *suffix);

/* Are the runtime wrappers there that it names, and does it call the hook? */
void hook_engine_check(struct doctor *d, const struct engine_config *c);

#endif
