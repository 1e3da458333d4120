/* SPDX-License-Identifier: Apache-2.0 */
/* Can a container's program load the preload library, and would it be let do its work? */
#ifndef KSM_PRELOAD_CHECK_H
#define KSM_PRELOAD_CHECK_H

#include "base/error.h"
#include "kernel/ksm_probe.h"
#include "oci/spec.h"

/*
 * 0, or -errno with what is in the way: the kernel, the container's config.json or seccomp
 * profile, the library at path, or the program, which is looked at within the container's
 * root only.
 */
int preload_fits(const char *path, const struct spec *s, enum probe_way way, struct error *err);

#endif
