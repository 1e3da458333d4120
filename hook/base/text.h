/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of text, bytes made harmless for a terminal, sizes for a reader. */
#ifndef KSM_TEXT_H
#define KSM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A decimal integer that fills len bytes of text and lies in min…max; 0, -EINVAL, -ERANGE. */
int parse_int(const char *text, size_t len, int64_t min, int64_t max, int64_t *out);

/*
 * Copy text into out (size bytes with the NUL) with control characters, backslashes and
 * everything that is not ASCII written as \xNN: ids, annotations and cgroup names may come
 * from a tenant and end up on a terminal. What does not fit is cut.
 */
void printable(char *out, size_t size, const char *text, size_t len);

/* "12.3 MiB" in out, which is returned. */
const char *format_bytes(char *out, size_t size, int64_t bytes);

#endif
