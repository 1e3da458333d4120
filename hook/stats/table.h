/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot as a table and as JSON. */
#ifndef KSM_TABLE_H
#define KSM_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "stats/snapshot.h"

/* What is not printable ASCII stands as \xNN; for a terminal long names are cut. */
void table_print(FILE *f, const struct snapshot *s, bool terminal);

/* To stdout; 0 or -ENOMEM. */
int table_print_json(const struct snapshot *s);

#endif
