/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: the administrator's part of the decision. */
#ifndef KSM_CONFIG_H
#define KSM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "policy/config_problems.h"
#include "policy/policy.h"

#define CONFIG_PATH SYSCONFDIR "/ksm-hook/config.json"

/* The longest entry of "runtimes". */
#define CONFIG_RUNTIME_MAX 127

/*
 * Add what a file says to *out: rules to those that are there, everything else in its place.
 * Strings of *out live until json_release(). Keys that are not known are warnings, and the first
 * of them is kept in out->warning; but what may be meant to keep a container from being merged is
 * an error. report, if there is one, is called for each problem, in the file's order.
 *
 * -EINVAL with the first error, where there is one: then *out is of no use.
 */
int config_parse(const struct config_text *file, struct policy_config *out,
		 config_report *report, void *arg, struct error *err);

/* A name, or an absolute path without a way up: may root execute it for "runtimes"? */
bool config_is_runtime(const char *program);

#endif
