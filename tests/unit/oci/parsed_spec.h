/* SPDX-License-Identifier: Apache-2.0 */
/* One config.json of a container, parsed, and what most are made of. */
#ifndef KSM_PARSED_SPEC_H
#define KSM_PARSED_SPEC_H

#include <string.h>

#include "base/json_reader.h"
#include "oci/spec.h"

#define ASK   "\"annotations\":{\"io.ksm.merge\":\"true\"}"
#define MOUNT "\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]"
#define ENV   "\"process\":{\"env\":[\"A=b\"]}"

static inline int parse(const char *text, struct spec *s)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	struct decision d;
	struct error err;
	bool syntax;

	json_release();
	return spec_parse(text, strlen(text), &origin, &config, s, NULL, &d, &syntax, &err);
}

#endif
