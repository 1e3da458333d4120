/* SPDX-License-Identifier: Apache-2.0 */
/* Which libraries an ELF file names: bounded reads of a file that a tenant may have written. */
#ifndef KSM_ELF_NEEDED_H
#define KSM_ELF_NEEDED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The first library that a 64- or 32-bit file of this machine's byte order names (DT_NEEDED) and
 * whose name begins with one of the beginnings, which end with NULL. False where there is none,
 * or the file is not understood.
 */
bool elf_needs(int fd, const char *const *beginnings, char *out, size_t size);

#endif
