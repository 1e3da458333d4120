/* SPDX-License-Identifier: Apache-2.0 */
/* Time that only goes forward. */
#ifndef KSM_CLOCK_H
#define KSM_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
int64_t now_us(void);

#endif
