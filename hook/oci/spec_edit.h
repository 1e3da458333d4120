/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the preload library and variables to config.json; every other byte stays what and where it is. */
#ifndef KSM_SPEC_EDIT_H
#define KSM_SPEC_EDIT_H

#include <sys/uio.h>

#include "oci/spec_facts.h"

/* What is to be added. */
#define SPEC_VARIABLES 4
struct spec_additions {
	const char *preload; /* the library, to process.env and the mounts; NULL: not */
	const char *variable[SPEC_VARIABLES]; /* to process.env: plain ASCII, no quotes */
	size_t variables;
};

/* The edited text: pieces of the old one and what stands between them. */
struct spec_edit {
	char env[96], add[320], mount[1280];
	struct iovec piece[7];
	int n;
};

/* 0, also where there is nothing to do; -EPROTO where the offsets do not fit the text. */
int spec_edit(const char *text, size_t len, const struct spec *spec,
	      const struct spec_additions *additions, struct spec_edit *out, struct error *err);

#endif
