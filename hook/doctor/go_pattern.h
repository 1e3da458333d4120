/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: is a pattern one that Go's regexp refuses? Engines refuse the file that it stands in. */
#ifndef KSM_GO_PATTERN_H
#define KSM_GO_PATTERN_H

#include <stdbool.h>

/*
 * What is wrong with it, in a few words, or NULL. Of \p{NAME} a name of more than two letters is taken
 * for one of Unicode's scripts, of which each release of Go knows more; a pattern that would become too
 * large a program (a million characters and more) is not found.
 */
const char *go_pattern_fault(const char *pattern);

#endif
