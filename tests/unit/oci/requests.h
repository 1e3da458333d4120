/* SPDX-License-Identifier: Apache-2.0 */
/* States of containers, and what is to be decided of them. */
#ifndef KSM_REQUESTS_H
#define KSM_REQUESTS_H

#include <string.h>

#include "oci/decision.h"

#define STATE(members) \
	"{\"ociVersion\":\"1.0.2\",\"id\":\"web-1\",\"bundle\":\"/run/b\"" members "}"
#define ASKS     ",\"annotations\":{\"io.ksm.merge\":\"true\"}"
#define REQUIRES ",\"annotations\":{\"io.ksm.merge\":\"true\",\"io.ksm.required\":\"true\"}"

static inline struct decision_request request_of(const char *text,
						 const struct policy_config *policy)
{
	return (struct decision_request){ .config_path = "/nonexistent/config.json",
					  .policy = policy,
					  .text = text,
					  .len = strlen(text),
					  .reader = decision_read_state,
					  .timeout_ms = 60000 };
}

#endif
