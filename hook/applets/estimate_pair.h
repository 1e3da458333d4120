/* SPDX-License-Identifier: Apache-2.0 */
/* Two containers that share a layout already, as a measure for those that do not. */
#ifndef KSM_ESTIMATE_PAIR_H
#define KSM_ESTIMATE_PAIR_H

#include "base/error.h"
#include "estimate/estimate.h"

/* Read them and add to e what its targets would free. 0, or -errno with err. */
int estimate_add_pair(struct estimate *e, const char *const word[2], struct error *err);

#endif
