/* SPDX-License-Identifier: Apache-2.0 */
/* economize: one look at all containers, and what comes of it. */
#ifndef KSM_ECONOMIZE_RUN_H
#define KSM_ECONOMIZE_RUN_H

#include <stdbool.h>

#include "applets/economize_report.h"
#include "base/error.h"
#include "stats/snapshot.h"

#define ECONOMIZE_MIN_AGE_S 600
#define ECONOMIZE_AGAIN_S   21600

struct economize_how {
	const char *config;
	bool dry_run;
	bool pieces;
	int min_age_s, again_s;
};

/*
 * Give up the privileges that it does not take. *dry_run is set where the configuration says that
 * nothing is to be changed. 0, or -errno with err.
 */
int economize_prepare(struct economize_how *how, struct error *err);

/*
 * 0, or -errno with err. The caller frees the snapshot and the report's rows, which point to it, in
 * either case.
 */
int economize_run(const struct economize_how *how, struct snapshot *s,
		  struct economize_report *report, struct error *err);

#endif
