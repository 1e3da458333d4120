/* SPDX-License-Identifier: Apache-2.0 */
/* The table of containers again and again, on a terminal as top shows processes. */
#ifndef KSM_WATCH_H
#define KSM_WATCH_H

#include <stdbool.h>

#include "stats/collect.h"

/* Until q or a signal; the program's exit status. */
int watch(int seconds, bool exact, enum look_order order);

#endif
