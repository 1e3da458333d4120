/* SPDX-License-Identifier: Apache-2.0 */
/* What merging would save and cost, from the pages that processes have now. */
#ifndef KSM_ESTIMATE_H
#define KSM_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "containers/identify.h"
#include "containers/targets.h"
#include "estimate/page_reader.h"
#include "estimate/page_sample.h"

struct estimate_row {
	struct container_name name;
	size_t processes;
	struct page_counts count;
	struct merge_sum sum;
	uint64_t program; /* the name of its first process's program, hashed; 0: not known */
	struct merge_sum masked; /* sum as it would be with one layout, or more */
};

/* What merging would free if containers of one program had a layout in common. */
struct layout_estimate {
	bool wanted;
	struct merge_total
		masked; /* what differs in nothing but addresses: it frees at least that */
	double most;    /* if all containers of a program had the same memory */
	/* where two containers with a layout in common stood for the others */
	bool has_pair;
	double pair,
		of; /* what is freed, of so many frames, those that are merged among them */
};

enum estimate_kind {
	ESTIMATE_AS_IT_IS,
	ESTIMATE_LAYOUT, /* also what a shared layout adds */
	ESTIMATE_PAIR,   /* as if nothing were merged yet, and of nobody else */
};

/* Row 0 is not shown: processes that are not meant, but mergeable already. */
struct estimate {
	struct estimate_row *row;
	uint32_t n;
	size_t unreadable; /* processes that may not be read */
	struct merge_total total;
	struct layout_estimate layout;
	double changed; /* the part of the pages that changed within changed_ms */
	int64_t changed_ms;
	uint64_t read_bytes;
	int64_t read_us;
};

/* Pages that are read of those expected, now and then; expected is 0 at the end. */
typedef void estimate_progress(void *arg, uint64_t pages, uint64_t expected);

/*
 * Read the memory of the targets, and that of all processes which are mergeable already. 0, or
 * -errno with err; free it in either case. progress may be NULL.
 */
int estimate_targets(struct estimate *e, const struct target_set *set, enum estimate_kind kind,
		     estimate_progress *progress, void *arg, struct error *err);

/* What the targets of e would free, if they had a layout as the two containers of pair share it. */
int estimate_like_pair(struct estimate *e, const struct estimate *pair, struct error *err);

void estimate_free(struct estimate *e);

#endif
