/* SPDX-License-Identifier: Apache-2.0 */
/* "process" of config.json: its program, and where its environment can take a variable. */
#ifndef KSM_SPEC_PROCESS_H
#define KSM_SPEC_PROCESS_H

#include "oci/spec_facts.h"

/* Zero before the walk. */
struct spec_process {
	uint32_t at; /* behind its brace */
	bool has_members, env_seen, env_broken, preload_seen;
};

/* For each value of the section; the path is from the root. */
void spec_process_visit(struct spec_process *p, struct spec *s, const struct json_path *path,
			const struct json_value *v);

/* What can be said only at the end of the text. */
void spec_process_end(struct spec_process *p, struct spec *s);

#endif
