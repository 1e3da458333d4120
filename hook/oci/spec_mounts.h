/* SPDX-License-Identifier: Apache-2.0 */
/* "mounts" of config.json: is the library there, and where can it be mounted? */
#ifndef KSM_SPEC_MOUNTS_H
#define KSM_SPEC_MOUNTS_H

#include "oci/spec_facts.h"

/* Zero before the walk. */
struct spec_mounts {
	bool is_dev, is_tmpfs, is_library; /* the one that is being read */
	bool dev_is_tmpfs;
};

/* For each value of the section, and at the end of each mount; the path is from the root. */
void spec_mounts_visit(struct spec_mounts *p, struct spec *s, const struct json_path *path,
		       const struct json_value *v);
void spec_mounts_leave(struct spec_mounts *p, struct spec *s, size_t end);

/* What can be said only at the end of the text. */
void spec_mounts_end(const struct spec_mounts *p, struct spec *s);

#endif
