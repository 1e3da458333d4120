/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the host that steer root: read, and programs that they name looked at. */
#ifndef KSM_HOST_FILES_H
#define KSM_HOST_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "doctor/findings.h"

/*
 * Read a text file of the administrator's: regular, owned by root (or us) and writable by
 * nobody else. The text ends with a NUL and is the caller's. Its length, or -errno with err:
 * -ENOENT where there is none, -EPERM where others can write it.
 */
#define HOST_FILE_MAX (512u << 10)
ssize_t host_file_read(const char *path, char **text, struct error *err);

/* Free what *text points at; for __cleanup. */
void host_file_free(char **text);

/*
 * The paths in dir that end with suffix, sorted by name; NULL if there are none. Free with
 * host_files_free().
 */
char **host_files_list(const char *dir, const char *suffix);
void host_files_free(char **list);

/* Is a program of that name where programs are installed? */
bool program_is_installed(const char *name);

/* The path of a program that is named without one, as the engines' units find it; else the name. */
const char *program_path(const char *name, char *out, size_t size);

/*
 * A program that root will execute: is it there, writable by root alone, and executable? 0, else -errno
 * (-ENOENT, -EINVAL, -EPERM, -EACCES) with what is wrong.
 */
int program_check(const char *path, struct error *what);

/*
 * How to fix program_check()'s result r: by the file's mode and owner, or, where a program of that name
 * is beside this one, by writing that path into the file that names it (NULL: none is known).
 */
void program_fix(const struct doctor *d, struct finding *f, int r, const char *path,
		 const char *file);

/* Does this path lead to this program, or has it the name of it or of the runtime wrapper? */
bool program_is_ours(const struct doctor *d, const char *path);

#endif
