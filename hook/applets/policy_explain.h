/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook policy explain: the question, and its answer printed. */
#ifndef KSM_POLICY_EXPLAIN_H
#define KSM_POLICY_EXPLAIN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/options.h"

struct explain_request {
	const char *config_path; /* of config.json */
	const char *engine;      /* whose word annotations and values are; NULL: not known */
	struct option_list annotations, values; /* KEY=VALUE */
	bool json;
};

/*
 * Print what is decided of the container that target names, or, where it is NULL, of one that the
 * request describes. 0, or -errno with err, which says as well what of the request is wrong.
 */
int policy_explain_run(const struct explain_request *request, char *target, struct error *err);

#endif
