/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: the administrator's part of the decision. */
#ifndef KSM_CONFIG_H
#define KSM_CONFIG_H

#include <sys/types.h>

#include "base/error.h"
#include "policy/policy.h"

#define CONFIG_PATH SYSCONFDIR "/ksm-hook/config.json"
#define CONFIG_MAX  (64u << 10)

/* The longest entry of "runtimes". */
#define CONFIG_RUNTIME_MAX 127

/*
 * Read the file's text into buf (CONFIG_MAX + 1 bytes). Returns its length, 0 where there
 * is none. A file that others than root (or we) can write is refused: it steers root.
 */
ssize_t config_read(const char *path, char *buf, struct error *err);

/* Parse it. Strings of *out live until json_release(). Unknown keys are errors. */
int config_parse(const char *path, const char *text, size_t len, struct policy_config *out,
		 struct error *err);

/* A name, or an absolute path without a way up: may root execute it for "runtimes"? */
bool config_is_runtime(const char *program);

#endif
