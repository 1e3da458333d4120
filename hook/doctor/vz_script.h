/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenVZ's action script starts. */
#ifndef KSM_VZ_SCRIPT_H
#define KSM_VZ_SCRIPT_H

#include <stdbool.h>

/*
 * Pure: the helper that our action script starts, an absolute path at the beginning of a line;
 * the text is cut after it. False where this is not our script.
 */
bool vz_script_helper(char *text, const char **out);

#endif
