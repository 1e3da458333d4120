/* SPDX-License-Identifier: Apache-2.0 */
/* What economize decided and did, for people, programs and the log. */
#ifndef KSM_ECONOMIZE_REPORT_H
#define KSM_ECONOMIZE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "applets/economize_target.h"
#include "base/error.h"
#include "base/reason.h"
#include "stats/economy.h"
#include "stats/snapshot.h"

struct economize_row {
	const struct container_stats *c;
	struct economy_past past;       /* what was known of it */
	struct economy_figures figures; /* of its place, if seen */
	bool seen;
	enum reason reason;
	bool chosen; /* it is to be changed */
	int result;  /* 0: it was, if chosen and no dry run; else -errno with err */
	struct economize_change change; /* what was done */
	struct error err;
};

struct economize_report {
	struct economize_row *row;
	size_t n;
	bool dry_run;
};

void economize_print(const struct economize_report *r);

/* 0, -ENOMEM */
int economize_print_json(const struct economize_report *r);

/* A line for the log, if anything was changed. */
void economize_log_total(const struct economize_report *r);

void economize_log_failures(const struct economize_report *r);
size_t economize_failed(const struct economize_report *r);

#endif
