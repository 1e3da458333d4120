/* SPDX-License-Identifier: Apache-2.0 */
/* Could the program that a container starts load the preload library? */
#ifndef KSM_ENTRYPOINT_H
#define KSM_ENTRYPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "oci/spec_facts.h"

struct elf_kind {
	unsigned char elf_class, data; /* e_ident */
	uint16_t machine;
	bool dynamic; /* names an interpreter, so something will load libraries for it */
};

/* 0; -ENOEXEC where this is no ELF file; what reading returns. */
int elf_read(int fd, struct elf_kind *out);

/* Where a container's program is looked for; none of them is NULL. */
struct entrypoint {
	const char *root, *program;
	const char *path; /* the value of PATH */
	const char *cwd; /* for what is relative; where it is not absolute, that is not found */
	const struct spec_bind *bind; /* what is mounted where the program is */
};

/*
 * Look at the file's headers inside root, or what is mounted there, as the container's process
 * would find it. -ENOEXEC with the reason where it is an ELF file of another kind than library, or
 * static. 0 in every other case: a script, not there, unknown.
 */
int entrypoint_check(const struct entrypoint *at, const struct elf_kind *library,
		     struct error *err);

#endif
