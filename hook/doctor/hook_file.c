/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a file of a hooks directory (oci-hooks(5)), and what is wrong with it. */
#include "doctor/hook_file.h"

#include <ctype.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/go_pattern.h"

static const char merge_annotation[] = ANNOTATION_PREFIX "merge";

/* regcomp(3) copies what is repeated: (((a+)+)+)+ doubles with each, and takes all memory soon. */
#define REPETITIONS_MAX 8

static bool is_repetition(char c)
{
	return c == '*' || c == '+' || c == '?';
}

/*
 * Engines match with Go's regexp, we with regcomp(3). These mean something else to each, or
 * nothing to Go: groups with flags, escaped letters and digits, repetitions that take little or
 * are repeated. Counted ones are left out for their size.
 */
static bool is_pattern_of_both(const char *pattern)
{
	size_t repetitions = 0;

	for (const char *p = pattern; *p; p++) {
		if (*p == '\\') {
			p++;
			if (*p == '\0' || isalnum((unsigned char)*p))
				return false;
		} else if (*p == '{' || (*p == '(' && p[1] == '?') ||
			   (is_repetition(*p) && is_repetition(p[1])) ||
			   (*p == '+' && ++repetitions > REPETITIONS_MAX)) {
			return false;
		}
	}
	return true;
}

/* 1 it matches, 0 it does not, -1 there is no telling. */
static int match_pattern(const char *pattern, const char *text)
{
	regex_t re;
	bool ok;

	if (!is_pattern_of_both(pattern) ||
	    regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return -1;
	ok = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static void take_annotation(struct hook_file *h, const char *key, const char *value)
{
	int by_key = match_pattern(key, merge_annotation);
	int by_value = match_pattern(value, "true");

	h->condition = true;
	if (by_key > 0 && by_value > 0)
		h->matches = true;
	else if (by_key == 0 || by_value == 0)
		h->narrowed = true;
	else
		h->unknown = true;
}

static void take_condition(struct hook_file *h, const struct json_path *path,
			   const struct json_value *v)
{
	bool text = v->type == JSON_STRING;

	if (hook_path_is(path, "when", "always", NULL)) {
		h->condition = h->matches = v->boolean;
		h->never = v->type == JSON_BOOL && !v->boolean;
	} else if (hook_path_is(path, "when", "annotations", "?") && path->key[2] && text) {
		take_annotation(h, path->key[2], v->text);
	} else if ((hook_path_is(path, "when", "commands", "*") && text) ||
		   (hook_path_is(path, "when", "hasBindMounts", NULL) &&
		    v->type == JSON_BOOL)) {
		h->condition = h->narrowed = true;
	}
}

static void take_stage(struct hook_file *h, const char *stage)
{
	bool start = strcmp(stage, "createRuntime") == 0 || strcmp(stage, "prestart") == 0;

	h->starts += start;
	h->create = h->create || start;
	h->poststart = h->poststart || strcmp(stage, "poststart") == 0;
	h->precreate = h->precreate || strcmp(stage, "precreate") == 0;
}

/* The one that we write; a value that is no time at all is what is wrong. */
#define OWN_TIMEOUT "10"

static bool is_custom_timeout(const struct json_value *v)
{
	long long seconds = v->type == JSON_NUMBER ? strtoll(v->text, NULL, 10) : 0;

	return seconds > 0 && seconds <= INT_MAX && seconds != atoi(OWN_TIMEOUT);
}

/* A stage that the file registers beside the container's start. */
static bool is_other_stage(const char *stage)
{
	static const char *const stages[] = { "createContainer", "startContainer", "poststart",
					      "poststop" };

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		if (strcmp(stage, stages[i]) == 0)
			return true;
	}
	return false;
}

/* Would this value be lost if the file was written anew? */
static bool is_custom(const struct json_path *path, const struct json_value *v)
{
	static const char *const own[][2] = {
		{ NULL, NULL },     { "version", NULL },       { "hook", NULL },
		{ "hook", "path" }, { "hook", "args" },        { "when", NULL },
		{ "stages", NULL }, { "when", "annotations" },
	};

	if (v->type == JSON_NULL)
		return false;
	if (hook_path_is(path, "stages", "*", NULL))
		return v->type == JSON_STRING && is_other_stage(v->text);
	if (hook_path_is(path, "hook", "args", "*"))
		return path->index[2] > 1;
	if (hook_path_is(path, "hook", "timeout", NULL))
		return is_custom_timeout(v);
	/* a truth restricts nothing, but is wider than our own condition */
	if (hook_path_is(path, "when", "always", NULL))
		return v->type == JSON_BOOL && v->boolean;
	if (hook_path_is(path, "when", "annotations", "?") && path->key[2])
		return !strstr(path->key[2], "ksm") && !go_pattern_fault(path->key[2]);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (hook_path_is(path, own[i][0], own[i][1], NULL))
			return false;
	}
	return true;
}

/* As the file that we install, and the command that writes it anew, have it. */
static bool is_own_condition(const char *key, const char *value)
{
	static const char *const own[] = { "^io\\.ksm\\.merge(/.*)?$", "^io\\.ksm\\.merge$",
					   "^io[.]ksm[.]merge$" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (strcmp(key, own[i]) == 0)
			return strcmp(value, ".*") == 0;
	}
	/* what no engine takes is no condition */
	return go_pattern_fault(key) || go_pattern_fault(value);
}

static void forget_stages(struct hook_file *h)
{
	h->create = h->poststart = h->precreate = false;
	h->starts = 0;
}

static int visit_hook_file(void *arg, const struct json_path *path, const struct json_value *v,
			   struct error *err)
{
	struct hook_file *h = arg;

	(void)err;
	hook_form_visit(&h->form, path, v);
	take_condition(h, path, v);
	h->custom = h->custom || is_custom(path, v);
	if (hook_path_is(path, "when", "annotations", "?") && path->key[2] &&
	    v->type == JSON_STRING && !is_own_condition(path->key[2], v->text))
		h->condition_set = true;
	h->args = h->args || hook_path_is(path, "hook", "args", NULL);
	/* of what is given twice the last counts */
	if (hook_path_is(path, "stages", NULL, NULL))
		forget_stages(h);
	else if (hook_path_is(path, "hook", "args", NULL))
		h->command = NULL;
	else if (hook_path_is(path, "hook", "timeout", NULL))
		h->hurried = v->type == JSON_NUMBER && strtoll(v->text, NULL, 10) <= 0;
	if (v->type != JSON_STRING)
		return 0;
	if (hook_path_is(path, "hook", "path", NULL))
		h->program = v->text;
	else if (hook_path_is(path, "hook", "args", "*") && path->index[2] == 1)
		h->command = v->text;
	else if (hook_path_is(path, "stages", "*", NULL))
		take_stage(h, v->text);
	return 0;
}

#define PLAIN_CHARACTERS                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"/._-"

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* Can a pattern of sed(1) find it, and nothing else? */
static bool is_path_plain(const char *text, size_t size, const char *program)
{
	static const char key[] = "\"path\"";
	const char *p = text, *end = text + size;
	size_t len = program ? strlen(program) : 0, n = 0;

	if (!len || program[strspn(program, PLAIN_CHARACTERS)])
		return false;
	while ((p = memmem(p, (size_t)(end - p), key, sizeof(key) - 1)) != NULL) {
		p = skip_blanks(p + sizeof(key) - 1, end);
		if (p == end || *p != ':')
			continue;
		p = skip_blanks(p + 1, end);
		n += (size_t)(end - p) > len + 1 && p[0] == '"' &&
		     memcmp(p + 1, program, len) == 0 && p[len + 1] == '"';
	}
	return n == 1;
}

int hook_file_parse(struct hook_file *h, const char *path, const char *text, size_t len,
		    struct error *err)
{
	int r;

	*h = (struct hook_file){ 0 };
	json_release();
	r = json_walk(path, text, len, false, visit_hook_file, h, err);
	hook_form_end(&h->form);
	h->path_plain = is_path_plain(text, len, h->program);
	return r;
}

void hook_file_fix(const struct doctor *d, struct finding *f, const char *path)
{
	struct shell_word at, file;
	char dir[PATH_MAX];

	/* what the quotes, or JSON, would take for something else */
	if (strpbrk(d->self, "'\"\\"))
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	/* no backslashes, which JSON would double */
	finding_fix(f,
		    "mkdir -p %s && echo '{\"version\":\"1.0.0\",\"hook\":{\"path\":\"%s\","
		    "\"args\":[\"ksm-hook\",\"createRuntime\"],\"timeout\":" OWN_TIMEOUT
		    "},\"when\":"
		    "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"}},\"stages\":"
		    "[\"createRuntime\"]}' >%s",
		    shell_word(&at, dir), d->self, shell_word(&file, path));
}

void hook_file_mend(const struct doctor *d, struct finding *f, const char *path,
		    const struct hook_file *h, const char *advice)
{
	/* a condition that is right stays */
	if (h->custom || (h->condition_set && !h->never && (h->matches || h->unknown)))
		finding_advise(f, "%s; it holds more than a new one would, so none is offered",
			       advice);
	else
		hook_file_fix(d, f, path);
}

static bool is_called(struct doctor *d, const char *path, const struct hook_file *h)
{
	struct finding *f;

	if (h->condition && !h->never && h->matches)
		return true;
	if (h->condition && !h->never && h->unknown && !h->narrowed) {
		finding_add(d, FINDING_NOTE, ID_HOOK_CONDITION,
			    "its patterns are in Go's syntax, which is not understood here",
			    "%s: whether \"when\" matches %s=true is unknown", path,
			    merge_annotation);
		return true;
	}
	f = finding_add(d, FINDING_BROKEN, ID_HOOK_CONDITION,
			"the hook is not called for containers with this annotation",
			"%s: \"when\" does not match %s=true", path, merge_annotation);
	hook_file_mend(d, f, path, h, "make \"when\" match " ANNOTATION_PREFIX "merge=true");
	return false;
}

static bool has_command(const struct hook_file *h)
{
	return h->command && (strcmp(h->command, "createRuntime") == 0 ||
			      strcmp(h->command, "prestart") == 0);
}

/* Where there are none they are put in, and every other byte stays. */
static void mend_args(const struct doctor *d, struct finding *f, const char *path,
		      const struct hook_file *h)
{
	struct shell_word file;

	if (!h->args && h->path_plain)
		finding_fix(f,
			    "sed -i 's|\"path\"[[:blank:]]*:[[:blank:]]*\"%s\"|&, \"args\": "
			    "[\"ksm-hook\", \"createRuntime\"]|' %s",
			    h->program, shell_word(&file, path));
	else
		hook_file_mend(d, f, path, h,
			       "let \"args\" be \"ksm-hook\", \"createRuntime\"");
}

bool hook_file_judge(struct doctor *d, const char *path, const struct hook_file *h)
{
	struct finding *f;

	if (!is_called(d, path, h))
		return false;
	if (h->narrowed || (h->matches && h->unknown))
		finding_add(d, FINDING_NOTE, ID_HOOK_CONDITION,
			    "all conditions have to be met, so the hook is called for only "
			    "some of the containers that request merging",
			    "%s has further conditions in \"when\"", path);
	if (h->starts > 1) {
		f = finding_add(d, FINDING_WARNING, ID_HOOK_STAGES,
				"runtimes run both, so every start runs the hook twice",
				"%s names both prestart and createRuntime", path);
		hook_file_mend(d, f, path, h, "take one of the two out of \"stages\"");
	}
	if (h->hurried) {
		f = finding_add(
			d, FINDING_BROKEN, ID_HOOK_TIMEOUT,
			"runc ends such a hook at once, and starts no container that it "
			"is called for",
			"%s: \"timeout\" is not above 0", path);
		hook_file_mend(d, f, path, h, "set \"timeout\" to " OWN_TIMEOUT);
		return false;
	}
	if (h->create && !has_command(h)) {
		f = finding_add(d, FINDING_BROKEN, ID_HOOK_CONDITION,
				"the program is called with another command than the stage's",
				"%s: \"args\" does not name createRuntime", path);
		mend_args(d, f, path, h);
		return false;
	}
	return true;
}
