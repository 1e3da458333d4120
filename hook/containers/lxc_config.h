/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that an LXC configuration file gives its container. */
#ifndef KSM_LXC_CONFIG_H
#define KSM_LXC_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* Generated ones (Incus, with many devices) have some tens of kilobytes. */
#define LXC_CONFIG_MAX (256u << 10)

/*
 * Look for the variable in the text's lxc.environment lines, by the rules of
 * lxc.container.conf(5): the last line counts, an empty one clears the lines before it. What
 * lxc.include names is not read. False where the text gives it no value; one that does not
 * fit value is cut.
 */
bool lxc_config_variable(const char *text, size_t len, const char *name, char *value,
			 size_t size);

#endif
