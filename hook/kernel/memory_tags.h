/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a process's memory has tags (MTE of aarch64), which the kernel does not merge. */
#ifndef KSM_MEMORY_TAGS_H
#define KSM_MEMORY_TAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* In KiB; anonymous, too, is what has been read last of a mapping. */
struct memory_tags {
	int64_t all, tagged, anonymous;
};

/* Pure: take in the next line of smaps. */
void memory_tags_add(struct memory_tags *t, const char *line);

/* Is more than half of the anonymous memory tagged? */
bool memory_tags_prevail(FILE *smaps);

/* The same of a process; false where it cannot be read. */
bool memory_is_tagged(pid_t pid);

#endif
