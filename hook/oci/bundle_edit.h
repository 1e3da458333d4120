/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edit of a bundle's config.json: the preload library, for kernels where mergeability does not
 * last, and a group's hash seeds.
 */
#ifndef KSM_BUNDLE_EDIT_H
#define KSM_BUNDLE_EDIT_H

#include "kernel/ksm_probe.h"
#include "oci/spec_edit.h"
#include "policy/policy.h"

/* Does a container become mergeable by the preload library, by this method on this kernel? */
bool bundle_needs_library(enum policy_method method, enum probe_way way);

/* Add the library. -errno with the reason where the container's program would not take it. */
int bundle_add_library(const struct spec *spec, const char *library, enum probe_way way,
		       struct spec_additions *additions, struct error *err);

/* Is there a place for the group's seeds, and not all of them taken? v8: V8's as well. */
bool bundle_takes_seeds(const struct spec *spec, bool v8);

/*
 * Add those that the container has not set itself; the assignments are not copied. An empty one is none. V8's
 * is for the preload library: not without it.
 */
void bundle_add_seeds(const struct spec *spec, const char *python, const char *perl,
		      const char *v8, struct spec_additions *additions);

#define BUNDLE_V8_LEFT_OUT \
	"the seed of V8 is not added: it is for the preload library, method preload"

/*
 * The new text in the place of the bundle's config.json, in one step and with the old one's mode and
 * owner. Nothing is written where nothing was added.
 */
int bundle_rewrite(const char *bundle, const struct spec_edit *edit, struct error *err);

#endif
