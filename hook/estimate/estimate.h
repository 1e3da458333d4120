/* SPDX-License-Identifier: Apache-2.0 */
/* What merging would save and cost, from the pages that processes have now. */
#ifndef KSM_ESTIMATE_H
#define KSM_ESTIMATE_H

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
};

/* Row 0 is not shown: processes that are not meant, but mergeable already. */
struct estimate {
	struct estimate_row *row;
	uint32_t n;
	size_t unreadable; /* processes that may not be read */
	struct merge_total total;
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
int estimate_targets(struct estimate *e, const struct target_set *set,
		     estimate_progress *progress, void *arg, struct error *err);
void estimate_free(struct estimate *e);

#endif
