/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of ksm-openvz share. */
#ifndef KSM_OPENVZ_H
#define KSM_OPENVZ_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct conf {
	char root[PATH_MAX];
	bool merge;
	bool required;
	/* a value that is neither yes nor no, to be reported by name; "" if none */
	char bad[64];
};

int conf_read(struct conf *conf, const char *veid, const char *ve_conf, const char *vz_conf,
	      struct error *err);

/* libdirs: where the host has the library for 64 and for 32 bit */
int preload_bind(const char *root, char **libdirs, struct error *err);
int preload_unbind(const char *root, struct error *err);

/*
 * A file system of the container's own, filled and then made read-only on the host's
 * side. stage_drop() takes it out of the host's sight; what was bound from it stays.
 */
struct stage {
	int lock;
};
extern const char stage_dir[], stage_file[];

int stage_make(struct stage *stage, char **libdirs, const char *text, size_t len,
	       struct error *err);
void stage_drop(struct stage *stage);

#endif
