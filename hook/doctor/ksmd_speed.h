/* SPDX-License-Identifier: Apache-2.0 */
/* How fast ksmd scans, for what is mergeable. */
#ifndef KSM_KSMD_SPEED_H
#define KSM_KSMD_SPEED_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor/findings.h"

struct ksmd_speed {
	int64_t scan, nap; /* pages_to_scan, sleep_millisecs */
	int64_t pages; /* that one scan goes through: ksmd counts them, or they are coming */
	bool enabled;  /* `ksm-hook enable` set this speed, and nobody lowered it */
};

/* A number from /sys/kernel/mm/ksm; 0 where this kernel has no such file. */
int64_t ksmd_counter(const char *name);

void ksmd_speed_read(const struct doctor *d, struct ksmd_speed *out);

/* Pure: how long one scan takes, at least. */
int64_t ksmd_scan_ms(const struct ksmd_speed *s);

/* Pure: add a finding about the speed. */
void ksmd_speed_judge(struct doctor *d, const struct ksmd_speed *s);

#endif
