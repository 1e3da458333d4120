/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of containerd's CRI plugin, and which annotations reach them. */
#ifndef KSM_CONTAINERD_CONFIG_H
#define KSM_CONTAINERD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "doctor/findings.h"

/* More runtimes, or patterns of imported files, than this are not looked at. */
#define CONTAINERD_RUNTIMES_MAX 32
#define CONTAINERD_IMPORTS_MAX  32

/* A list of patterns of the annotations that are passed on. */
struct containerd_annotations {
	bool given, merge; /* there is a list; it has io.ksm.merge */
	int line;
};

struct containerd_runtime {
	char name[64], file[256], binary[256];
	int table_line;
	struct containerd_annotations pod, container;
};

struct containerd_config {
	struct containerd_runtime runtime[CONTAINERD_RUNTIMES_MAX];
	size_t n;
	char import[CONTAINERD_IMPORTS_MAX][256]; /* glob(7) patterns, absolute */
	size_t imports;
};

/*
 * Take over what the text of a file sets; the text is written over. 0, or -EINVAL with err where
 * a line is not understood.
 */
int containerd_config_parse(struct containerd_config *c, const char *file, char *text,
			    struct error *err);

/* Add a finding about the annotations that a runtime of ours is given. */
void containerd_annotations_judge(struct doctor *d, const struct containerd_runtime *r);

#endif
