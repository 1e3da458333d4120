/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: by what a container is named to `ksm-hook attach`. */
#include "doctor/container_target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "containers/identify.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_.+@-";

/* namespace/pod/container, or a name without a slash */
static bool is_plain_label(const char *label)
{
	size_t len = strspn(label, plain);

	while (len && label[len] == '/' && strspn(label + len + 1, plain))
		len += 1 + strspn(label + len + 1, plain);
	return len && !label[len] && label[0] != '-';
}

const char *container_target(char *out, size_t size, const struct container_summary *c,
			     const char *label)
{
	const char *id = c->name.id;
	size_t len = strspn(id, plain);

	/* containerd's namespace in front of its id */
	if (len && id[len] == '/' && strcmp(c->name.engine, "containerd") == 0)
		len += 1 + strspn(id + len + 1, plain);
	if (is_plain_label(label))
		snprintf(out, size, "%s:%s", c->name.engine, label);
	else if (id[0] == '-' || id[len])
		snprintf(out, size, "pid:%d", c->pid);
	else
		snprintf(out, size, "%s:%.*s", c->name.engine, (int)container_id_shown(id), id);
	return out;
}
