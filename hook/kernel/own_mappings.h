/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process has its mappings, so that a pointer can be told without the layout's addresses. */
#ifndef KSM_OWN_MAPPINGS_H
#define KSM_OWN_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More than the kernel allows by default (vm.max_map_count is 65530); 2.5 MiB. */
#define OWN_MAPPINGS_MAX 65536

struct own_mapping {
	uint64_t start, end;
	/* an address is at name + (address - base) whatever the layout; a stack's is at name */
	uint64_t name, base;
	bool is_stack, is_anonymous, is_file;
	bool moves; /* the kernel chooses where it lies, at random unless a layout is shared */
};

struct own_mappings {
	size_t n, last; /* last: the one that was found most recently */
	struct own_mapping m[OWN_MAPPINGS_MAX];
};

/*
 * Pure: add a line of /proc/PID/maps, without its newline; lines come with rising addresses, and one
 * that does not, or is malformed, or too many, is left out.
 */
void own_mappings_add(struct own_mappings *o, const char *line);

/* Pure: name those without a file, and find out which of them move, when all are there. */
void own_mappings_finish(struct own_mappings *o);

/* Pure: the same word for the same place in whatever layout; what points nowhere stays as it is. */
uint64_t own_mappings_mask(struct own_mappings *o, uint64_t word);

/* Pure: does a page hold the address of something that lies elsewhere in another layout? */
bool own_mappings_in_page(struct own_mappings *o, const char *content, size_t size);

/* Pure: the name of the file that lies lowest, which a program does; 0: there is none. */
uint64_t own_mappings_program(const struct own_mappings *o);

/* Those of a process; none where they cannot be read. In a child (kernel/watched.h). */
void own_mappings_read(struct own_mappings *o, pid_t pid);

#endif
