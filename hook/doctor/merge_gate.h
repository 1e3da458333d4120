/* SPDX-License-Identifier: Apache-2.0 */
/* attach: what the configuration says of containers that nobody but root asked to be merged. */
#ifndef KSM_MERGE_GATE_H
#define KSM_MERGE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/reason.h"
#include "containers/targets.h"

struct merge_verdict {
	struct container_name name;
	bool refused;
	enum reason reason;
	char text[160]; /* the reason in words */
	bool current;   /* by the configuration as it was read last */
	bool told;      /* for the caller, who has reported it; false again when it changes */
};

/* All zero but set, config and bound_only at first. */
struct merge_gate {
	const struct target_set *set;
	const char *config; /* of config.json; NULL: let everything pass */
	bool bound_only;    /* what is asked of it is max_sparse, and no rule */
	bool judges;        /* it has rules */
	int64_t max_sparse; /* bytes; 0: no bound */
	struct merge_verdict *v;
	size_t n;
};

/*
 * Read the configuration anew. 0, or -errno with err and a reason where nothing is to be made
 * mergeable by it: it is broken, or its mode is observe.
 */
int merge_gate_open(struct merge_gate *g, struct error *err);

/*
 * Judge the containers of all targets that have not been judged since it was opened, as if each
 * had asked to be merged. What is not known of one is denied as rules for it say. 0 or -errno
 * with err.
 */
int merge_gate_judge(struct merge_gate *g, struct error *err);

/*
 * May this process be made mergeable? Not if its container was refused, or has not been judged.
 * No rule is about processes of the host.
 */
bool merge_gate_passes(const struct merge_gate *g, pid_t pid);

/* The first container that was refused; NULL if there is none. */
const struct merge_verdict *merge_gate_refused(const struct merge_gate *g);

/* Of targets that were named one by one: 0, or -EPERM with the first refusal and its reason. */
int merge_gate_check_named(const struct merge_gate *g, struct error *err);

void merge_gate_free(struct merge_gate *g);

#endif
