/* SPDX-License-Identifier: Apache-2.0 */
/* A visitor of JSON that writes down what it is shown. */
#ifndef KSM_JSON_SEEN_H
#define KSM_JSON_SEEN_H

#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"

/* What the visitor saw, one line per value: the path, '=', the value. */
static char seen[4096];
static size_t visits;
static int refuse_at;

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	static const char types[] = "nb#s{[";
	size_t n = strlen(seen);

	(void)arg;
	if (refuse_at && ++visits == (size_t)refuse_at)
		return err_set(err, EXDEV, "enough");
	for (size_t i = 0; i < path->depth && n < sizeof(seen) - 300; i++) {
		if (path->key[i])
			n += (size_t)snprintf(seen + n, sizeof(seen) - n, "/%.20s",
					      path->key[i]);
		else
			n += (size_t)snprintf(seen + n, sizeof(seen) - n, "/%zu",
					      path->index[i]);
	}
	if (n > sizeof(seen) - 100)
		return 0;
	n += (size_t)snprintf(seen + n, sizeof(seen) - n, "=%c", types[v->type]);
	if (v->type == JSON_BOOL)
		snprintf(seen + n, sizeof(seen) - n, "%d", v->boolean);
	else if (v->text)
		snprintf(seen + n, sizeof(seen) - n, "%.*s", v->len > 40 ? 40 : (int)v->len,
			 v->text);
	n = strlen(seen);
	snprintf(seen + n, sizeof(seen) - n, "\n");
	return 0;
}

#endif
