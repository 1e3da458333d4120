/* SPDX-License-Identifier: Apache-2.0 */
/* What the cases check with. */
#ifndef CASES_H
#define CASES_H

int settled(void);
int settled_from(int smaps);
int is_mergeable(const void *addr);
int mappings(void);

int case_signal(void);
int case_seccomp_strict(void);
int case_seccomp_filter(void);

#endif
