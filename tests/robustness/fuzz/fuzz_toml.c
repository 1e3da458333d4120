/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: an engine's TOML. */
#include "base/error.h"
#include "doctor/toml.h"
#include "fuzz.h"

/* Whatever is handed out can be read to its end. */
static void visit(void *arg, const struct toml_path *path, const struct toml_value *v)
{
	size_t *sum = arg;

	if (path->depth == 0 || path->depth > TOML_DEPTH_MAX || v->n > TOML_LIST_MAX ||
	    v->line < 1)
		abort();
	for (size_t i = 0; i < path->depth; i++)
		*sum += strlen(path->key[i]);
	for (size_t i = 0; i < v->n; i++)
		*sum += strlen(v->text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of exactly that size, so that a byte too far is seen */
	char *text = malloc(size + 1);
	struct error err;
	size_t sum = 0;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (toml_scan("fuzz", text, visit, &sum, &err) < 0 && !err.msg[0])
		abort();
	free(text);
	return 0;
}
