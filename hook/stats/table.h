/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot as a table and as JSON. */
#ifndef KSM_TABLE_H
#define KSM_TABLE_H

#include <stdio.h>

#include "stats/snapshot.h"

/* For a terminal: what is not printable ASCII stands as \xNN. */
void table_print(FILE *f, const struct snapshot *s);

/* To stdout; 0 or -ENOMEM. */
int table_print_json(const struct snapshot *s);

#endif
