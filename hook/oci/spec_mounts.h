/* SPDX-License-Identifier: Apache-2.0 */
/* "mounts" of config.json: is the library there, and where can it be mounted? */
#ifndef KSM_SPEC_MOUNTS_H
#define KSM_SPEC_MOUNTS_H

#include "oci/spec_facts.h"

#define SPEC_BINDS_MAX 8

/* Zero before the walk. */
struct spec_mounts {
	bool is_dev, is_tmpfs, is_library; /* the one that is being read */
	bool dev_is_tmpfs;
	struct spec_bind bind; /* the one that is being read */
	bool is_bind;
	struct spec_bind binds[SPEC_BINDS_MAX]; /* the first ones that fit */
	size_t n_binds;
};

/* For each value of the section, and at the end of each mount; the path is from the root. */
void spec_mounts_visit(struct spec_mounts *p, struct spec *s, const struct json_path *path,
		       const struct json_value *v);
void spec_mounts_leave(struct spec_mounts *p, struct spec *s, size_t end);

/* What can be said only at the end of the text, process included. */
void spec_mounts_end(const struct spec_mounts *p, struct spec *s);

#endif
