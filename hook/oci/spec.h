/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of an OCI bundle: one walk over it, by which it is decided and edited. */
#ifndef KSM_SPEC_H
#define KSM_SPEC_H

#include "containers/metadata.h"
#include "oci/spec_facts.h"
#include "policy/policy.h"

/* Who wrote it, or the bundle that it was found in by the runtime's id; NULL if not known. */
struct spec_origin {
	enum container_engine engine;
	const char *bundle, *id;
	const struct conmon_args *monitor;
	const char *image_id, *project; /* as policy_subject has them */
};

/*
 * Read it and decide. Annotations that decide are kept until json_release(). What names the
 * container is stored in names, if that is not NULL. -EINVAL with *syntax set: this is not
 * JSON.
 */
int spec_parse(const char *text, size_t len, const struct spec_origin *origin,
	       const struct policy_config *config, struct spec *out, struct metadata *names,
	       struct decision *decision, bool *syntax, struct error *err);

/* Is every bracket and string closed, so that nothing was truncated? No more than that. */
bool spec_is_whole(const char *text, size_t len);

#endif
