/* SPDX-License-Identifier: Apache-2.0 */
/* Could the program that a container starts load the preload library? */
#ifndef KSM_ENTRYPOINT_H
#define KSM_ENTRYPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct elf_kind {
	unsigned char elf_class, data; /* e_ident */
	uint16_t machine;
	bool dynamic; /* names an interpreter, so something will load libraries for it */
};

/* 0; -ENOEXEC where this is no ELF file; what reading returns. */
int elf_read(int fd, struct elf_kind *out);

/*
 * Look at the file's headers inside root, as the container's process would find it by
 * path, the value of PATH. -ENOEXEC with the reason where it is an ELF file of another kind
 * than library, or static. 0 in every other case: a script, not there, unknown.
 */
int entrypoint_check(const char *root, const char *program, const char *path,
		     const struct elf_kind *library, struct error *err);

#endif
