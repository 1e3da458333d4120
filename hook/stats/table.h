/* SPDX-License-Identifier: Apache-2.0 */
/* A look at all containers as a table and as JSON. */
#ifndef KSM_LOOK_PRINT_H
#define KSM_LOOK_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "stats/collect.h"

void look_print_table(FILE *f, const struct look *l);

/* The program's exit status. */
int look_print_json(const struct look *l);

/* Does it cost more than it saves, even if all that may be saved is? */
bool look_loses(const struct look_container *c);

#endif
