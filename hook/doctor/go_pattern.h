/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: is a pattern one that Go's regexp refuses? Engines refuse the file that it stands in. */
#ifndef KSM_GO_PATTERN_H
#define KSM_GO_PATTERN_H

#include <stdbool.h>

/*
 * What is wrong with it, in a few words, or NULL. Brackets that do not match, what is repeated
 * though there is nothing, and an escape at the end are found; unknown escapes and wrong
 * ranges are not.
 */
const char *go_pattern_fault(const char *pattern);

#endif
