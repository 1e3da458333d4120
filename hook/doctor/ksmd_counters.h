/* SPDX-License-Identifier: Apache-2.0 */
/* What /sys/kernel/mm/ksm says of ksmd's work and speed. */
#ifndef KSM_KSMD_COUNTERS_H
#define KSM_KSMD_COUNTERS_H

#include <stdint.h>

#include "doctor/findings.h"
#include "doctor/ksmd_speed.h"

/* A number from there; 0 where this kernel has no such file. */
int64_t ksmd_counter(const char *name);

void ksmd_speed_read(const struct doctor *d, struct ksmd_speed *out);

#endif
