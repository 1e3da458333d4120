/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: by what a container is named to `ksm-hook attach`. */
#include "doctor/container_target.h"

#include <stdio.h>
#include <string.h>

#include "containers/identify.h"

const char *container_target(char *out, size_t size, const struct container_summary *c)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_.+@-";
	const char *id = c->name.id;
	size_t len = strspn(id, plain);

	/* containerd's namespace in front of its id */
	if (len && id[len] == '/' && strcmp(c->name.engine, "containerd") == 0)
		len += 1 + strspn(id + len + 1, plain);
	if (id[0] == '-' || id[len])
		snprintf(out, size, "pid:%d", c->pid);
	else
		snprintf(out, size, "%s:%.*s", c->name.engine, (int)container_id_shown(id), id);
	return out;
}
