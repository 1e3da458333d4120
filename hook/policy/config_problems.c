/* SPDX-License-Identifier: Apache-2.0 */
/* Of policy/config.c: what is wrong in config.json, and where, is said. */
#include "policy/config_problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void config_say(struct config_walk *p, enum problem_kind kind, struct json_position at,
		const char *fmt, ...)
{
	char what[200], text[sizeof(((struct error *)NULL)->msg)];
	struct config_problem problem = { kind != PROBLEM_ERROR, kind == PROBLEM_ADVICE, text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s:%zu:%zu: %s", p->file->path, at.line, at.column, what);
	if (kind == PROBLEM_ERROR && !p->failed)
		(void)err_set(p->err, EINVAL, "%s", text);
	p->failed = p->failed || kind == PROBLEM_ERROR;
	if (kind == PROBLEM_WARNING && !p->config->warning[0])
		snprintf(p->config->warning, sizeof(p->config->warning), "%s", text);
	if (p->report)
		p->report(p->arg, &problem);
}

struct json_position config_place_of(const struct config_walk *p, const struct json_value *v)
{
	return json_token_position(p->file->text, v->key_end ? v->key_end : v->end);
}

void config_refuse(struct config_walk *p, const struct json_path *path,
		   const struct json_value *v, const char *key, const char *expected)
{
	p->skip = (int)path->depth;
	config_say(p, PROBLEM_ERROR, config_place_of(p, v), "\"%s\" must be %s", key, expected);
}

bool config_is_text(const struct json_value *v)
{
	return v->type == JSON_STRING && memchr(v->text, '\0', v->len) == NULL;
}
