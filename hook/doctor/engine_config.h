/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: containers.conf and crio.conf: the directories of hooks, and the runtimes. */
#ifndef KSM_ENGINE_CONFIG_H
#define KSM_ENGINE_CONFIG_H

#include <stddef.h>

#include "base/error.h"
#include "doctor/hook_dirs.h"

#define ENGINE_RUNTIMES_MAX 128

struct engine_runtime {
	char path[256], file[256]; /* its program, and the file that names it */
	int line;                  /* of that file; 0: no file that was read names it */
};

struct engine_config {
	enum engine_dialect { CONTAINERS_CONF, CRIO_CONF } dialect;
	const char *engine; /* in messages */
	struct hook_dirs dirs;
	struct engine_runtime runtime[ENGINE_RUNTIMES_MAX]; /* those beyond are left out */
	size_t runtimes;
};

/*
 * Take over what the text of a file sets; the text is written over. 0, or -EINVAL with err
 * where a line or a value is not understood: what stands elsewhere may have been taken over.
 */
int engine_config_parse(struct engine_config *c, const char *file, char *text,
			struct error *err);

/*
 * Of each runtime of c: the file and the line that name its program in another configuration, or line 0
 * where none does.
 */
void engine_config_locate(struct engine_config *c, const struct engine_config *files);

#endif
