/* SPDX-License-Identifier: Apache-2.0 */
/* What can be promised of a machine, from its samples and from what runs there now. */
#ifndef KSM_CAPACITY_REPORT_H
#define KSM_CAPACITY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "stats/capacity.h"
#include "stats/snapshot.h"

/* All containers of an image. */
struct capacity_row {
	char name[192]; /* of struct metadata; "" for all that has none */
	struct capacity_image image;
	int64_t fits; /* so many more; -1: nothing is promised */
};

enum reserve_reason { RESERVE_GIVEN, RESERVE_FALL, RESERVE_IMAGE };

struct capacity_report {
	int64_t window_s;
	struct saving saved;
	int64_t available; /* -1: the kernel does not say */
	struct capacity_past past;
	int64_t reserve;
	enum reserve_reason why;
	char image[192]; /* whose storm the reserve is for, with RESERVE_IMAGE */
	int64_t room;
	struct capacity_row *row; /* by name; the ones without an image, if any, first */
	size_t n;
};

/*
 * The history's last sample is that of the snapshot. reserve is in bytes; -1 for the largest fall of
 * the saving within an hour that was seen, or what all containers of an image could need at once, whichever is
 * more. 0 or -ENOMEM with err; free it in either case.
 */
int capacity_report(struct capacity_report *out, const struct capacity_history *h,
		    const struct snapshot *s, int64_t window_s, int64_t reserve,
		    struct error *err);
void capacity_report_free(struct capacity_report *r);

#endif
