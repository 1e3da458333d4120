/* SPDX-License-Identifier: Apache-2.0 */
/* One look at all containers of the machine: are they mergeable, what do they save and cost. */
#ifndef KSM_LOOK_H
#define KSM_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "containers/identify.h"
#include "containers/metadata.h"
#include "kernel/ksm.h"
#include "policy/policy.h"
#include "stats/savings.h"

struct look_process {
	struct container_name name;
	uint64_t name_hash;
	pid_t pid;
	enum ksm_method method;
	bool entered;         /* not mergeable, and came in from outside (exec) */
	bool uncounted;       /* the kernel does not tell what of its memory is merged */
	bool huge;            /* a page fault may have brought more than one page */
	uint64_t first, last; /* lowest and highest address: of a process forked they agree */
	struct saving_process saving;
	int64_t cost, profit;
};

struct look_container {
	struct container_name name;
	struct metadata
		metadata; /* what was written down at its start; empty texts if nothing */
	char group[POLICY_GROUP_MAX]; /* whose layout it shares; empty if nobody's */
	size_t processes, mergeable, unknown;
	size_t by_prctl, by_madvise;
	size_t entered;
	int64_t anonymous, merged;
	int64_t cost;   /* of the kernel's, for the pages that ksmd has looked at */
	int64_t profit; /* as the kernel counts it */
	struct saving saving;
};

struct look {
	struct look_container *container;
	size_t n;
	struct look_container total; /* without names */
};

/*
 * Look. Processes of the host are shown by unit or command where they are mergeable. exact
 * looks at every merged page. 0 or -errno, which has been logged.
 */
int look(struct look *out, bool exact);
void look_free(struct look *l);

enum look_order { LOOK_BY_NAME, LOOK_BY_SAVED, LOOK_BY_ANONYMOUS, LOOK_BY_COST };
int look_order_parse(const char *text, enum look_order *out);
void look_sort(struct look *l, enum look_order order);

/* What most have who have a mark. */
enum ksm_method look_method(const struct look_container *c);

/* What a user knows it by: namespace/pod/container, a name, else the id as engines print it. */
const char *look_label(const struct look_container *c, char *out, size_t size);

/*
 * Where pages of a family of processes start in the list, for look_exactly(): n processes from
 * p on were forked without executing another program.
 */
struct look_family {
	struct look_process *p;
	size_t n;
	struct saving saving;
};

/* Fill in the savings by looking at every merged page. 0 or -errno. */
int look_exactly(struct look_family *family, size_t n);

#endif
