/* SPDX-License-Identifier: Apache-2.0 */
/* Address space that a process has no memory in, where ksmd of some kernels looks at each page. */
#ifndef KSM_ADDRESS_SPACE_H
#define KSM_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Pure: the bytes of a line of /proc/PID/maps, with or without its newline, that is no shared mapping;
 * 0 for any other text. KSM leaves shared mappings alone, and ksmd does not look at them.
 */
int64_t private_mapping_bytes(const char *line);

/*
 * Has it more than so many bytes of private mappings without memory in them? What is swapped out is
 * no memory. By /proc/PID/statm alone where that says no, which waits for nothing, or where the mappings
 * cannot be read. False for a process that is not there.
 */
bool address_space_is_sparse(pid_t pid, int64_t max);

#endif
