/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the preload library and variables to config.json; every other byte stays what and where it is. */
#include "oci/spec_edit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

struct insert {
	size_t at;
	const char *text;
};

/* What must stand before or, for a value's end, at the place that the parser names. */
static bool may_insert(const char *text, size_t len, size_t at, char before, bool quote_follows)
{
	if (at == 0 || at >= len)
		return false;
	return quote_follows ? text[at] == '"' : text[at - 1] == before;
}

static bool append_insert(const char *text, size_t len, const struct spec *s, char *out,
			  size_t size)
{
	return may_insert(text, len, s->env_at, 0, true) &&
	       snprintf(out, size, "%s" SPEC_LIBRARY, s->env == SPEC_ENV_APPEND ? ":" : "") <
		       (int)size;
}

static bool mount_insert(const char *text, size_t len, const struct spec *s,
			 const char *library, char *out, size_t size)
{
	int n = snprintf(
		out, size,
		",{\"destination\":\"" SPEC_LIBRARY "\",\"type\":\"bind\","
		"\"source\":\"%s\",\"options\":[\"bind\",\"ro\",\"nosuid\",\"nodev\"]}",
		library);

	return s->mount == SPEC_MOUNT_ADD && may_insert(text, len, s->mount_at, '}', false) &&
	       n < (int)size;
}

/*
 * The variables that are no part of LD_PRELOAD's value: those that are asked for, and the
 * library's where it has none to be appended to.
 */
static bool variables_insert(const char *text, size_t len, const struct spec *s,
			     const struct spec_additions *additions, bool with_library,
			     char *out, size_t size)
{
	const char *list[SPEC_VARIABLES + 1], *opening = "", *closing = "";
	bool comma = s->add == SPEC_ENV_ADD;
	size_t n = 0, at = 0;

	if (with_library)
		list[n++] = "LD_PRELOAD=" SPEC_LIBRARY;
	for (size_t i = 0; i < additions->variables; i++)
		list[n++] = additions->variable[i];
	if (s->add == SPEC_ENV_LIST) {
		opening = "\"env\":[";
		closing = "],";
	}
	if (!may_insert(text, len, s->add_at,
			s->add == SPEC_ENV_ADD   ? '"' :
			s->add == SPEC_ENV_FIRST ? '[' :
						   '{',
			false) ||
	    s->add < SPEC_ENV_ADD)
		return false;
	at = (size_t)snprintf(out, size, "%s", opening);
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s\"%s\"", comma || i ? "," : "",
				       list[i]);
	if (at < size)
		at += (size_t)snprintf(out + at, size - at, "%s", closing);
	return at < size;
}

static void add_piece(struct spec_edit *e, const char *text, size_t len)
{
	e->piece[e->n++] = (struct iovec){ (char *)text, len };
}

static void sort_inserts(struct insert *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k > 0 && list[k - 1].at > list[k].at; k--) {
			struct insert first = list[k];

			list[k] = list[k - 1];
			list[k - 1] = first;
		}
	}
}

int spec_edit(const char *text, size_t len, const struct spec *s,
	      const struct spec_additions *additions, struct spec_edit *out, struct error *err)
{
	bool env = additions->preload && s->env != SPEC_ENV_THERE;
	bool appends = env && (s->env == SPEC_ENV_APPEND || s->env == SPEC_ENV_SET);
	struct insert list[3];
	size_t n = 0, done = 0;

	out->n = 0;
	if (appends) {
		if (!append_insert(text, len, s, out->env, sizeof(out->env)))
			return err_set(err, EPROTO,
				       "the parser's place for LD_PRELOAD is none");
		list[n++] = (struct insert){ s->env_at, out->env };
	}
	if (additions->variables || (env && !appends)) {
		if (!variables_insert(text, len, s, additions, env && !appends, out->add,
				      sizeof(out->add)))
			return err_set(err, EPROTO, "the parser's place for variables is none");
		list[n++] = (struct insert){ s->add_at, out->add };
	}
	if (additions->preload && s->mount != SPEC_MOUNT_THERE) {
		if (!mount_insert(text, len, s, additions->preload, out->mount,
				  sizeof(out->mount)))
			return err_set(err, EPROTO, "the parser's place for the mount is none");
		list[n++] = (struct insert){ s->mount_at, out->mount };
	}
	sort_inserts(list, n);
	for (size_t i = 0; i < n; i++) {
		add_piece(out, text + done, list[i].at - done);
		add_piece(out, list[i].text, strlen(list[i].text));
		done = list[i].at;
	}
	add_piece(out, text + done, len - done);
	return 0;
}
