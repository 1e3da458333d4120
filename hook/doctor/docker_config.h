/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of Docker's daemon.json. */
#ifndef KSM_DOCKER_CONFIG_H
#define KSM_DOCKER_CONFIG_H

#include <stddef.h>

#include "base/error.h"

#define DOCKER_RUNTIMES_MAX 32

struct docker_runtime {
	const char *name, *path;
};

struct docker_config {
	struct docker_runtime runtime[DOCKER_RUNTIMES_MAX]; /* those beyond are left out */
	size_t n;
};

/* The strings stay valid until json_release(). -EINVAL where it is not JSON. */
int docker_config_parse(struct docker_config *c, const char *file, const char *text, size_t len,
			struct error *err);

#endif
