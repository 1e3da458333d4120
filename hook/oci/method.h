/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two ways makes a container mergeable, once its runtime has started. */
#ifndef KSM_METHOD_H
#define KSM_METHOD_H

#include "oci/hook_stage.h"

/*
 * HOOK_MERGE where injecting is the way. HOOK_DONE where the preload library is: by the
 * method that was asked for, or because this kernel knows no other. Then *status is 0, or
 * what hook_failed() says where the container's config.json does not name the library.
 */
enum hook_next method_injects(const struct hook_verdict *verdict, int *status);

#endif
