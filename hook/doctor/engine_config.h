/* SPDX-License-Identifier: Apache-2.0 */
/* podman's containers.conf and CRI-O's crio.conf: where hooks are, which runtimes there are. */
#ifndef KSM_ENGINE_CONFIG_H
#define KSM_ENGINE_CONFIG_H

#include <stddef.h>

#include "base/error.h"
#include "doctor/findings.h"
#include "doctor/hook_dirs.h"

#define ENGINE_RUNTIMES_MAX 32

struct engine_runtime {
	char path[256], file[256]; /* its program, and the file that names it */
	int line;
};

struct engine_config {
	enum engine_dialect { CONTAINERS_CONF, CRIO_CONF } dialect;
	const char *engine; /* in messages */
	struct hook_dirs dirs;
	struct engine_runtime runtime[ENGINE_RUNTIMES_MAX]; /* those beyond are left out */
	size_t runtimes;
};

/*
 * Pure: take over what the text of a file sets; the text is written over. 0, or -EINVAL with err
 * where a line or a value is not understood: what stands elsewhere may have been taken over.
 */
int engine_config_parse(struct engine_config *c, const char *file, char *text,
			struct error *err);

/* The same from a file, if there is one, and from the drop-ins of a directory. */
void engine_config_read(struct doctor *d, struct engine_config *c, const char *file);
void engine_config_read_dir(struct doctor *d, struct engine_config *c, const char *dir,
			    const char *suffix);

/* Are the runtime wrappers of ours there that it names, and does it call the hook? */
void engine_config_check(struct doctor *d, const struct engine_config *c);

#endif
