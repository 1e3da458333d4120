/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: how fast ksmd scans, for what is mergeable. */
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

/* How long one scan takes, at least. */
int64_t ksmd_scan_ms(const struct ksmd_speed *s);

/* Add a finding about the speed. */
void ksmd_speed_judge(struct doctor *d, const struct ksmd_speed *s);

#endif
