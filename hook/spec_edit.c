/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the preload library to config.json; every other byte stays what and where it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec.h"

struct insert {
	size_t at;
	const char *text;
};

/* What must stand before or, for a value's end, at the place that the parser names. */
static bool fits(const char *text, size_t len, size_t at, char before, bool quote_follows)
{
	if (at == 0 || at >= len)
		return false;
	return quote_follows ? text[at] == '"' : text[at - 1] == before;
}

static bool env_insert(const char *text, size_t len, const struct spec *s, char *out,
		       size_t size)
{
#define SET(...) (snprintf(out, size, __VA_ARGS__) < (int)size)
	switch (s->env) {
	case SPEC_ENV_APPEND:
		return fits(text, len, s->env_at, 0, true) && SET(":" SPEC_LIBRARY);
	case SPEC_ENV_SET:
		return fits(text, len, s->env_at, 0, true) && SET(SPEC_LIBRARY);
	case SPEC_ENV_ADD:
		return fits(text, len, s->env_at, '"', false) &&
		       SET(",\"LD_PRELOAD=" SPEC_LIBRARY "\"");
	case SPEC_ENV_FIRST:
		return fits(text, len, s->env_at, '[', false) &&
		       SET("\"LD_PRELOAD=" SPEC_LIBRARY "\"");
	case SPEC_ENV_LIST:
		return fits(text, len, s->env_at, '{', false) &&
		       SET("\"env\":[\"LD_PRELOAD=" SPEC_LIBRARY "\"],");
	default:
		return false;
	}
#undef SET
}

static bool mount_insert(const char *text, size_t len, const struct spec *s,
			 const char *library, char *out, size_t size)
{
	int n = snprintf(
		out, size,
		",{\"destination\":\"" SPEC_LIBRARY "\",\"type\":\"bind\","
		"\"source\":\"%s\",\"options\":[\"bind\",\"ro\",\"nosuid\",\"nodev\"]}",
		library);

	return s->mount == SPEC_MOUNT_ADD && fits(text, len, s->mount_at, '}', false) &&
	       n < (int)size;
}

static void add_piece(struct spec_edit *e, const char *text, size_t len)
{
	e->piece[e->n++] = (struct iovec){ (char *)text, len };
}

int spec_edit(const char *text, size_t len, const struct spec *s, const char *library,
	      struct spec_edit *out, struct error *err)
{
	struct insert list[2];
	size_t n = 0, done = 0;

	out->n = 0;
	if (s->env != SPEC_ENV_THERE) {
		if (!env_insert(text, len, s, out->env, sizeof(out->env)))
			return err_set(err, EPROTO,
				       "the parser's place for LD_PRELOAD is none");
		list[n++] = (struct insert){ s->env_at, out->env };
	}
	if (s->mount != SPEC_MOUNT_THERE) {
		if (!mount_insert(text, len, s, library, out->mount, sizeof(out->mount)))
			return err_set(err, EPROTO, "the parser's place for the mount is none");
		list[n++] = (struct insert){ s->mount_at, out->mount };
	}
	if (n == 2 && list[0].at > list[1].at) {
		struct insert first = list[1];

		list[1] = list[0];
		list[0] = first;
	}
	for (size_t i = 0; i < n; i++) {
		add_piece(out, text + done, list[i].at - done);
		add_piece(out, list[i].text, strlen(list[i].text));
		done = list[i].at;
	}
	add_piece(out, text + done, len - done);
	return 0;
}
