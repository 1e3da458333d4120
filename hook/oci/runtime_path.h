/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime that the wrapper stands in front of: found, and never the wrapper itself. */
#ifndef KSM_RUNTIME_PATH_H
#define KSM_RUNTIME_PATH_H

#include <limits.h>
#include <stddef.h>

#include "base/error.h"

/* Where runtimes are looked for: not the caller's PATH, the private directory may be in it. */
#define RUNTIME_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * The first that is there of n names and absolute paths. Passes over this program, by
 * whatever link or copy of it. 0, -ENOENT, -ELOOP where scripts lead back here.
 */
int runtime_find(const char *const *names, size_t n, char out[PATH_MAX], struct error *err);

#endif
