/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the form of a file of hooks (oci-hooks(5)): what an engine refuses, and all containers with it. */
#ifndef KSM_HOOK_FORM_H
#define KSM_HOOK_FORM_H

#include <stdbool.h>

#include "base/json_reader.h"

struct hook_form {
	char fault[160]; /* why it is refused; empty if it is not */
	/* the same, but only where the hook's program is there: engines skip the file otherwise */
	char later_fault[160];
	bool version, path, stages, old;
};

/* Are these the keys, whatever their case, as Go's decoder has it? NULL ends them; "*" is an element. */
bool hook_path_is(const struct json_path *path, const char *a, const char *b, const char *c);

/* Take a value of the file into account. */
void hook_form_visit(struct hook_form *f, const struct json_path *path,
		     const struct json_value *v);

/* The file has ended: what is missing? */
void hook_form_end(struct hook_form *f);

#endif
