/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime wrapper decides before it becomes the real runtime. */
#ifndef KSM_RUNTIME_H
#define KSM_RUNTIME_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "oci/hook_stage.h"
#include "oci/runtime_args.h"
#include "policy/config.h"

struct runtime_input {
	const char *config_path;
	const char *
		preload_path; /* what is mounted into the container where the kernel needs it */
	const char *runtime;  /* the one that this stands for; NULL: the first of "runtimes" */
	bool chosen;          /* for merging, by its name */
	struct argv_facts facts;
};

/* What the confined parser hands over. */
struct runtime_answer {
	struct hook_verdict v; /* its pid is that of the init, for exec */
	char runtime[POLICY_RUNTIMES_MAX][CONFIG_RUNTIME_MAX + 1];
	size_t runtimes;
	bool layouts; /* config.json has a word of shared layouts */
};

/*
 * Read what the command needs and decide. On an error, which means that the container is not
 * to be merged, the answer still says whether that is required, and where the runtime is.
 */
int runtime_decide(const struct runtime_input *in, struct runtime_answer *out,
		   struct error *err);

/*
 * Add the preload library, and the seeds of decision's group, to the bundle's config.json. 1
 * when it is there, 0 when it could not be added, which has been logged with the reason;
 * -ECANCELED when for that the container is refused.
 */
int runtime_edit(const struct runtime_input *in, const struct decision *decision,
		 struct error *err);

#endif
