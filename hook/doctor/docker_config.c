/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of Docker's daemon.json. */
#include "doctor/docker_config.h"

#include <stdbool.h>
#include <string.h>

#include "base/json_reader.h"

static int visit_daemon_json(void *arg, const struct json_path *p, const struct json_value *v,
			     struct error *err)
{
	struct docker_config *c = arg;

	(void)err;
	/* runtimes.NAME.path; NULL in the place of NAME is an array's element */
	if (v->type != JSON_STRING || p->depth != 3 || !json_path_has(p, 0, "runtimes") ||
	    !p->key[1] || !json_path_has(p, 2, "path") || c->n == DOCKER_RUNTIMES_MAX)
		return 0;
	c->runtime[c->n++] = (struct docker_runtime){ .name = p->key[1], .path = v->text };
	return 0;
}

int docker_config_parse(struct docker_config *c, const char *file, const char *text, size_t len,
			struct error *err)
{
	*c = (struct docker_config){ 0 };
	json_release();
	return json_walk(file, text, len, false, visit_daemon_json, c, err);
}
