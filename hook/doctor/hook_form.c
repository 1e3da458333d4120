/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the form of a file of hooks (oci-hooks(5)): what an engine refuses, and all containers with it. */
#include "doctor/hook_form.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/text.h"
#include "doctor/go_pattern.h"

#define ANY "?" /* a key of the user's */

/* What podman's and CRI-O's decoder takes; null will always do, and other keys mean nothing. */
static const struct {
	char key[3][16]; /* "" from the first that there is not */
	enum json_type type;
	char what[32];
} forms[] = {
	{ { "" }, JSON_OBJECT, "an object" },
	{ { "version" }, JSON_STRING, "a string" },
	{ { "hook" }, JSON_OBJECT, "an object" },
	{ { "hook", "path" }, JSON_STRING, "a string" },
	{ { "hook", "args" }, JSON_ARRAY, "a list" },
	{ { "hook", "args", "*" }, JSON_STRING, "a string" },
	{ { "hook", "env" }, JSON_ARRAY, "a list" },
	{ { "hook", "env", "*" }, JSON_STRING, "a string" },
	{ { "hook", "timeout" }, JSON_NUMBER, "a whole number of 32 bits" },
	{ { "when" }, JSON_OBJECT, "an object" },
	{ { "when", "always" }, JSON_BOOL, "true or false" },
	{ { "when", "annotations" }, JSON_OBJECT, "an object" },
	{ { "when", "annotations", ANY }, JSON_STRING, "a string" },
	{ { "when", "commands" }, JSON_ARRAY, "a list" },
	{ { "when", "commands", "*" }, JSON_STRING, "a string" },
	{ { "when", "hasBindMounts" }, JSON_BOOL, "true or false" },
	{ { "stages" }, JSON_ARRAY, "a list" },
	{ { "stages", "*" }, JSON_STRING, "a string" },
};

/* The first one is what an engine says. */
__printf(2, 3) static void note_fault(char out[160], const char *fmt, ...)
{
	va_list ap;

	if (out[0])
		return;
	va_start(ap, fmt);
	vsnprintf(out, 160, fmt, ap);
	va_end(ap);
}

bool hook_path_is(const struct json_path *path, const char *a, const char *b, const char *c)
{
	const char *const want[] = { a, b, c, NULL };
	size_t n = 0;

	for (; want[n]; n++) {
		const char *key = n < path->depth ? path->key[n] : "";

		if (!key ? strcmp(want[n], "*") != 0 :
			   strcmp(want[n], ANY) != 0 && strcasecmp(want[n], key) != 0)
			return false;
	}
	return n == path->depth;
}

/*
 * podman reads an int of 64 bits, and crun, which it is handed to, one of 32. What is 0 or less is no
 * fault of the form: hook_file_judge().
 */
static bool is_int(const struct json_value *v)
{
	int64_t n;

	/* the text of a number has no end of its own */
	return parse_int(v->text, v->len, INT32_MIN, INT32_MAX, &n) == 0;
}

static void check_type(struct hook_form *f, const struct json_path *p,
		       const struct json_value *v)
{
	char where[64] = "it";
	const char *below;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *key[3];

		for (size_t k = 0; k < ARRAY_SIZE(key); k++)
			key[k] = forms[i].key[k][0] ? forms[i].key[k] : NULL;
		if (!hook_path_is(p, key[0], key[1], key[2]))
			continue;
		if (v->type == JSON_NULL ||
		    (v->type == forms[i].type && (v->type != JSON_NUMBER || is_int(v))))
			return;
		below = key[1] && *key[1] != '*' ? key[1] : NULL;
		if (key[0])
			snprintf(where, sizeof(where), "%s\"%s%s%s\"",
				 key[2] || (key[1] && !below) ? "something in " : "", key[0],
				 below ? "." : "", below ? below : "");
		note_fault(f->fault, "%s is not %s", where, forms[i].what);
		return;
	}
}

static void check_stage(struct hook_form *f, const char *stage)
{
	static const char *const stages[] = { "prestart",        "createRuntime",
					      "createContainer", "startContainer",
					      "poststart",       "poststop",
					      "precreate" };

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		if (strcmp(stage, stages[i]) == 0)
			return;
	}
	note_fault(f->later_fault, "there is no stage \"%.40s\"", stage);
}

static void check_pattern(struct hook_form *f, const char *pattern)
{
	const char *fault = go_pattern_fault(pattern);

	if (fault)
		note_fault(f->later_fault, "the pattern \"%.60s\" is broken: %s", pattern,
			   fault);
}

void hook_form_visit(struct hook_form *f, const struct json_path *p, const struct json_value *v)
{
	bool string = v->type == JSON_STRING;

	/* the form of before podman 1, which old ones still take: "hook" is the program */
	if (hook_path_is(p, "hook", NULL, NULL) && string)
		f->old = true;
	else
		check_type(f, p, v);
	if (hook_path_is(p, "version", NULL, NULL) && string) {
		f->version = v->text[0];
		if (f->version && strcmp(v->text, "1.0.0") != 0)
			note_fault(f->fault, "its version \"%.20s\" is not 1.0.0", v->text);
	} else if (hook_path_is(p, "hook", "path", NULL) && string) {
		f->path = v->text[0];
	} else if (hook_path_is(p, "stages", NULL, NULL)) {
		f->stages = v->type != JSON_NULL;
	} else if (hook_path_is(p, "stages", "*", NULL) && string) {
		check_stage(f, v->text);
	} else if (hook_path_is(p, "when", "annotations", ANY) && string) {
		check_pattern(f, p->key[2]);
		check_pattern(f, v->text);
	} else if (hook_path_is(p, "when", "commands", "*") && string) {
		check_pattern(f, v->text);
	}
}

void hook_form_end(struct hook_form *f)
{
	if (f->old) {
		f->fault[0] = f->later_fault[0] = '\0';
		return;
	}
	if (!f->version)
		note_fault(f->fault, "it has no \"version\", which is \"1.0.0\"");
	if (!f->path)
		note_fault(f->fault, "it has no \"hook.path\"");
	if (!f->stages)
		note_fault(f->later_fault, "it has no \"stages\"");
}
