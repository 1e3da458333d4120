/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way that needs no right: a container that is created gets a program or a library of ours, by
 * which it makes itself mergeable.
 */
#ifndef KSM_NRI_ADJUST_H
#define KSM_NRI_ADJUST_H

#include <stdbool.h>

#include "nri/nri.pb-c.h"

/* Beside the library's place (oci/spec_facts.h): in /dev, which is a file system in memory. */
#define NRI_PROGRAM "/dev/ksm-hook/ksm-hook"

enum nri_use {
	NRI_USE_NOTHING,
	NRI_USE_PROGRAM, /* `ksm-hook run` in front of the arguments */
	NRI_USE_LIBRARY, /* LD_PRELOAD */
	NRI_USES
};

/* Pure: can this runtime change a container's arguments (NRI 0.10)? Others would not tell us. */
bool nri_takes_args(const Nri__Configure *c);

/*
 * What the container gets, source being the program or the library as the runtime's host knows it;
 * in memory that nri_rpc_release() takes back, until the next call for the same use. NULL where it
 * cannot be changed like that: it has no arguments or ours already, or there is no memory.
 */
const Nri__Created *nri_adjust(const Nri__Container *c, enum nri_use use, const char *source);

#endif
