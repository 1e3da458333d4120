/* SPDX-License-Identifier: Apache-2.0 */
/* How much ksmd has to scan, and how long a scan takes it. */
#ifndef KSM_SCAN_TIME_H
#define KSM_SCAN_TIME_H

#include <stdint.h>

#include "doctor/findings.h"

/* A number from /sys/kernel/mm/ksm; 0 where this kernel has no such file. */
int64_t ksmd_counter(const char *name);

/* Pages that one scan goes through: those that ksmd counts, or that containers will bring. */
int64_t pages_to_scan_in_all(const struct doctor *d);

/* How long that takes at ksmd's present speed, at least. */
int64_t scan_time_ms(const struct doctor *d);

#endif
