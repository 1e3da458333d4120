/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of the containers of the machine: are they mergeable, what do they save and cost. */
#ifndef KSM_SNAPSHOT_H
#define KSM_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "containers/identify.h"
#include "containers/metadata.h"
#include "kernel/ksm.h"
#include "policy/policy.h"
#include "stats/charges.h"
#include "stats/savings.h"

/* One process, as it is measured. */
struct process_stats {
	struct container_name name;
	uint64_t name_hash;
	pid_t pid;
	pid_t task; /* whose files in /proc show its memory (kernel/process.h) */
	enum ksm_method method;
	bool entered;         /* not mergeable, and came in from outside (exec) */
	bool uncounted;       /* the kernel does not say how much of its memory is merged */
	bool left_out;        /* not all that there is was read (kernel/watched.h) */
	bool shares;          /* all of its memory is counted with another process (CLONE_VM) */
	bool estimated;       /* some of it may be merged, and what is was not to be read */
	bool huge;            /* a page fault may have brought more than one page */
	uint64_t first, last; /* lowest and highest address: equal in forked processes */
	struct process_memory memory;
	int64_t cost, profit;
};

/* What is shown of a container, or of what belongs together on the host. */
struct container_stats {
	struct container_name name;
	pid_t pid;                /* one of its processes */
	struct metadata metadata; /* empty texts where nothing is known */
	const char *unread; /* the place of its names, which does not answer; NULL: none */
	char group[POLICY_GROUP_MAX]; /* whose layout it shares; empty if nobody's */
	size_t processes, mergeable, unknown, estimated;
	size_t left_out; /* processes whose figures are not in those below, or not all */
	size_t by_prctl, by_madvise;
	size_t entered;
	size_t would;   /* containers that would be merged, if "mode" were not "observe" */
	size_t against; /* processes that are mergeable, of containers that a rule denies */
	int64_t anonymous, merged;
	int64_t zeros;  /* the part of merged that is no resident memory any more: zero pages */
	int64_t cost;   /* of the kernel's memory, for the pages that ksmd has scanned */
	int64_t profit; /* as the kernel counts it */
	struct saving saving;
	struct layout_saving by_layout; /* known where exact */
	struct charge_base charge_base; /* what charges are computed from, where not exact */
	struct charges charges;
};

struct snapshot {
	struct container_stats *container;
	size_t n;
	struct container_stats total; /* without names */
	bool stopped;                 /* `ksm-hook stop` */
	bool config_broken;           /* so that nothing is merged */
};

void snapshot_free(struct snapshot *s);

enum snapshot_order { ORDER_BY_NAME, ORDER_BY_SAVED, ORDER_BY_ANONYMOUS, ORDER_BY_COST };

/* "name", "saved", "anonymous", "cost"; -EINVAL for anything else. */
int snapshot_order_parse(const char *text, enum snapshot_order *out);
void snapshot_sort(struct snapshot *s, enum snapshot_order order);

/* How most of its mergeable processes became so. */
enum ksm_method container_method(const struct container_stats *c);

/*
 * What a user knows it by: namespace/pod/container, a name, else the id as engines print it.
 * Raw: whoever writes it has to escape it. Returns out.
 */
const char *container_label(const struct container_stats *c, char *out, size_t size);

/* Does it cost more than it saves, even if all that may be saved is? */
bool container_costs_more(const struct container_stats *c);

#endif
