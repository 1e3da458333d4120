/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of rules that can never match, or not what was meant. */
#ifndef KSM_RULE_PATTERN_H
#define KSM_RULE_PATTERN_H

#include "policy/annotations.h"

/*
 * Pure. What is wrong with a glob(7) pattern, in words that follow "must be": NULL if nothing is. It
 * has to be closed: no "[" without its "]", no backslash at its end.
 */
const char *rule_pattern_fault(const char *glob);

/* Pure. The same of one for what the engine says: what no engine or user is called is a slip. */
const char *rule_trusted_fault(enum trusted_key key, const char *glob);

/*
 * Pure. The word that stands for what a raw annotation says, where an engine writes it: "namespace"
 * for io.kubernetes.pod.namespace. NULL: there is none.
 */
const char *rule_annotation_word(const char *annotation);

#endif
