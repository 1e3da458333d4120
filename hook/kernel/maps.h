/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps: a line of it, and all of them. A tenant chooses the names of files in it. */
#ifndef KSM_MAPS_H
#define KSM_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* No process has addresses above it (five levels of page tables); what is shown there is the kernel's own. */
#define MAPS_ADDRESS_END ((uint64_t)1 << 57)

struct maps_line {
	uint64_t start, end; /* bytes; start < end <= MAPS_ADDRESS_END */
	bool is_private;
	uint64_t offset; /* of the file, in bytes; 0 with no name */
	const char *
		name; /* within the line, up to its end, or ""; NULL: nothing that a name could follow */
};

/* Pure: with or without its newline. False for any other text, and for what is the kernel's own. */
bool maps_line_parse(const char *line, struct maps_line *out);

/*
 * Call fn for each, without its newline; a long name is cut. It goes on while that is true. -1 where
 * they cannot be read, or not all. In a child (kernel/watched.h).
 */
int maps_each_line(pid_t pid, bool (*fn)(void *arg, const char *line), void *arg);

#endif
