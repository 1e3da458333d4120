/* SPDX-License-Identifier: Apache-2.0 */
/* What estimate found, and how it is shown. */
#ifndef KSM_ESTIMATE_H
#define KSM_ESTIMATE_H

#include <stdint.h>

#include "containers/identify.h"
#include "estimate/page_reader.h"

struct estimate_row {
	struct container_name name;
	size_t processes;
	struct survey_count count;
	struct contents_sum sum;
};

/* Row 0 is not shown: processes that are not meant, but mergeable already. */
struct estimate {
	struct estimate_row *row;
	uint32_t n;
	size_t unreadable;
	struct contents_total total;
	double changed;
	int64_t changed_ms;
};

void estimate_text(const struct estimate *t, const struct survey *s);

/* The program's exit status. */
int estimate_json(const struct estimate *t, const struct survey *s);

#endif
