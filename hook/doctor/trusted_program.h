/* SPDX-License-Identifier: Apache-2.0 */
/* A program that root is to execute, opened along a way that nobody else can change. */
#ifndef KSM_TRUSTED_PROGRAM_H
#define KSM_TRUSTED_PROGRAM_H

#include "base/error.h"

/*
 * Open what the absolute path leads to, with O_PATH. Each directory and link on the way is looked
 * at in the one before, so what is opened is what was checked, whatever others rename meanwhile:
 * execute the descriptor, not the path. A descriptor, or -errno with a message: -EPERM where
 * somebody else could change the file, or a directory on the way, -EACCES where it is no program.
 */
int trusted_program_open(const char *path, struct error *err);

#endif
