/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: an engine's TOML. What was understood, written plainly, is understood alike: each
 * setting with all of its keys in front of it.
 */
#include "base/error.h"
#include "doctor/toml.h"
#include "fuzz.h"

struct written {
	char *text;
	size_t n, room;
	size_t settings;
};

static void put(struct written *w, const char *text)
{
	size_t len = strlen(text);

	if (w->n + len + 1 > w->room) {
		w->room = 2 * (w->n + len + 1);
		w->text = realloc(w->text, w->room);
		require(w->text != NULL);
	}
	memcpy(w->text + w->n, text, len + 1);
	w->n += len;
}

static void put_quoted(struct written *w, const char *text)
{
	put(w, "\"");
	for (; *text; text++) {
		char c[] = { '\\', *text, '\0' };

		put(w, *text == '"' || *text == '\\' ? c : c + 1);
	}
	put(w, "\"");
}

static void put_value(struct written *w, const struct toml_value *v)
{
	if (v->type == TOML_OTHER)
		put(w, "0");
	if (v->type == TOML_STRING)
		put_quoted(w, v->text[0]);
	if (v->type == TOML_LIST) {
		put(w, "[");
		for (size_t i = 0; i < v->n; i++) {
			put_quoted(w, v->text[i]);
			put(w, ",\n");
		}
		put(w, v->append ? "{append = true}]" : "]");
	}
}

/* Whatever is handed out can be read to its end. */
static void visit(void *arg, const struct toml_path *path, const struct toml_value *v)
{
	struct written *w = arg;
	long number;

	require(path->depth > 0 && path->depth <= TOML_DEPTH_MAX && v->n <= TOML_LIST_MAX);
	require(path->table_depth <= path->depth && v->line >= 1);
	require(v->type != TOML_STRING || v->n == 1);
	require(!toml_integer(v, &number) || v->type == TOML_OTHER);
	for (size_t i = 0; i < path->depth; i++) {
		put(w, i ? "." : "");
		put_quoted(w, path->key[i]);
	}
	put(w, " = ");
	put_value(w, v);
	put(w, "\n");
	w->settings++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of exactly that size, so that a byte too far is seen */
	char *text = malloc(size + 1), *copy;
	struct written once = { 0 }, twice = { 0 };
	struct error err;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (toml_scan("fuzz", text, visit, &once, &err) < 0)
		require(err.msg[0]);
	free(text);
	if (once.settings) {
		copy = strdup(once.text);
		require(copy != NULL);
		require(toml_scan("again", copy, visit, &twice, &err) == 0);
		free(copy);
		require(twice.settings == once.settings && strcmp(twice.text, once.text) == 0);
	}
	free(once.text);
	free(twice.text);
	return 0;
}
