/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: the administrator's part of the decision. */
#include "policy/config.h"

#include <errno.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "policy/config_key.h"
#include "policy/config_rules.h"
#include "policy/rule_pattern.h"

static const char *const keys[] = {
	"containers", "method",        "required",     "allow",       "deny",     "runtimes",
	"log",        "shared_layout", "allow_groups", "deny_groups", "unknown",  "$schema",
	"mode",       "audit",         "max_sparse",   "economy",     "shared_v8"
};

bool config_is_runtime(const char *p)
{
	size_t len = strlen(p);

	if (len == 0 || len > CONFIG_RUNTIME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] <= 0x20 || p[i] >= 0x7f)
			return false;
	}
	if (p[0] == '/')
		return !strstr(p, "/../") && p[len - 1] != '/' && p[len - 1] != '.';
	return !strchr(p, '/') && p[0] != '.' && p[0] != '-';
}

static void visit_runtimes(struct config_walk *p, const struct json_path *path,
			   const struct json_value *v)
{
	static const char shape[] =
		"a list of names and absolute paths of runtimes, 8 at the most";
	struct policy_config *c = p->config;

	if (path->depth == 1) {
		c->runtimes = 0; /* of several files, the last one's */
		if (v->type != JSON_ARRAY)
			config_refuse(p, path, v, path->key[0], shape);
		return;
	}
	if (c->runtimes == POLICY_RUNTIMES_MAX || !config_is_text(v) ||
	    !config_is_runtime(v->text))
		config_refuse(p, path, v, path->key[0], shape);
	else
		c->runtime[c->runtimes++] = v->text;
}

static void visit_globs(struct config_walk *p, struct policy_globs *globs,
			const struct json_path *path, const struct json_value *v)
{
	static const char shape[] = "a list of patterns of groups' names, 64 at the most";

	if (path->depth == 1 && v->type == JSON_ARRAY)
		return;
	if (path->depth == 1 || globs->n == POLICY_RULES_MAX || !config_is_text(v))
		config_refuse(p, path, v, path->key[0], shape);
	else if (rule_pattern_fault(v->text))
		config_refuse(p, path, v, path->key[0], rule_pattern_fault(v->text));
	else
		globs->glob[globs->n++] = v->text;
}

static void visit_bool(struct config_walk *p, bool *out, const struct json_path *path,
		       const struct json_value *v)
{
	if (v->type == JSON_BOOL)
		*out = v->boolean;
	else
		config_refuse(p, path, v, path->key[0], "true or false");
}

static void visit_shared_layout(struct config_walk *p, const struct json_path *path,
				const struct json_value *v)
{
	struct policy_config *c = p->config;

	/* of several files, the last one's */
	c->shared_by_image = config_is_text(v) && strcmp(v->text, "image") == 0;
	c->shared_layout = c->shared_by_image || (v->type == JSON_BOOL && v->boolean);
	if (v->type != JSON_BOOL && !c->shared_by_image)
		config_refuse(p, path, v, path->key[0], "true, false or \"image\"");
}

/* As the schema has it, which knows no order of numbers: that is more than any address space. */
#define BOUND_DIGITS 6

static bool parse_bound(const char *text, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= BOUND_DIGITS &&
	       parse_size(text, strlen(text), INT64_MAX, out) == 0;
}

static bool parse_mode(const char *text, bool *observe)
{
	*observe = strcmp(text, "observe") == 0;
	return *observe || strcmp(text, "enforce") == 0;
}

static bool parse_allow_unknown(const char *text, bool *out)
{
	*out = strcmp(text, "allow") == 0;
	return *out || strcmp(text, "deny") == 0;
}

static bool parse_economy(const char *text, bool *off)
{
	*off = strcmp(text, "off") == 0;
	return *off || strcmp(text, "on") == 0;
}

static void visit_word(struct config_walk *p, const struct json_path *path,
		       const struct json_value *v)
{
	struct policy_config *c = p->config;
	const char *key = path->key[0], *expected = "";
	bool fine = config_is_text(v);

	if (strcmp(key, "containers") == 0) {
		expected = "\"annotated\", \"all\" or \"none\"";
		fine = fine && policy_containers_parse(v->text, &c->containers) == 0;
	} else if (strcmp(key, "method") == 0) {
		expected = "\"auto\", \"inject\" or \"preload\"";
		fine = fine && policy_method_parse(v->text, &c->method) == 0;
	} else if (strcmp(key, "unknown") == 0) {
		expected = "\"deny\" or \"allow\"";
		fine = fine && parse_allow_unknown(v->text, &c->allow_unknown);
	} else if (strcmp(key, "mode") == 0) {
		expected = "\"enforce\" or \"observe\"";
		fine = fine && parse_mode(v->text, &c->observe);
	} else if (strcmp(key, "max_sparse") == 0) {
		expected = "a size such as \"256G\"; \"0\" is no bound";
		fine = fine && parse_bound(v->text, &c->max_sparse);
	} else if (strcmp(key, "economy") == 0) {
		expected = "\"on\" or \"off\"";
		fine = fine && parse_economy(v->text, &c->no_economy);
	} else if (strcmp(key, "$schema") == 0) {
		expected = "a text"; /* which editors read */
	} else {
		expected = "\"error\", \"warning\", \"info\" or \"debug\"";
		fine = fine && log_level_parse(v->text, v->len, &c->log) == 0;
		c->log_given = true;
	}
	if (!fine)
		config_refuse(p, path, v, key, expected);
}

/* Of two "deny" lists one would be lost in silence, and a mistyped one too. */
static bool check_key(struct config_walk *p, const struct json_path *path,
		      const struct json_value *v)
{
	const char *key = path->key[0];
	bool may_deny;
	size_t i = 0;

	while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
		i++;
	if (i < ARRAY_SIZE(keys) && !(p->seen & 1u << i)) {
		p->seen |= 1u << i;
		return true;
	}
	p->skip = (int)path->depth;
	if (i < ARRAY_SIZE(keys)) {
		config_say(p, PROBLEM_ERROR, config_place_of(p, v), "\"%s\" is given twice",
			   key);
		return false;
	}
	may_deny = config_key_may_deny(key);
	config_say(p, may_deny ? PROBLEM_ERROR : PROBLEM_WARNING, config_place_of(p, v),
		   "unknown key \"%.63s\": %s", key,
		   may_deny ? "it may be meant to deny, see ksm-hook.conf(5) for the keys" :
			      "not understood, ignored");
	return false;
}

static int config_visit(void *arg, const struct json_path *path, const struct json_value *v,
			struct error *err)
{
	struct config_walk *p = arg;
	struct policy_config *c = p->config;
	const char *key = path->depth ? path->key[0] : NULL;

	(void)err;
	if ((int)path->depth > p->skip)
		return 0;
	p->skip = CONFIG_SKIP_NOTHING;
	if (!key) {
		p->skip = v->type == JSON_OBJECT ? CONFIG_SKIP_NOTHING : 0;
		if (v->type != JSON_OBJECT)
			config_say(p, PROBLEM_ERROR, config_place_of(p, v),
				   "must hold an object, { }");
		return 0;
	}
	if (path->depth == 1 && !check_key(p, path, v))
		return 0;
	if (strcmp(key, "allow") == 0)
		config_visit_rules(p, &c->allow, path, v);
	else if (strcmp(key, "deny") == 0)
		config_visit_rules(p, &c->deny, path, v);
	else if (strcmp(key, "runtimes") == 0)
		visit_runtimes(p, path, v);
	else if (strcmp(key, "allow_groups") == 0)
		visit_globs(p, &c->allow_groups, path, v);
	else if (strcmp(key, "deny_groups") == 0)
		visit_globs(p, &c->deny_groups, path, v);
	else if (strcmp(key, "required") == 0)
		visit_bool(p, &c->required, path, v);
	else if (strcmp(key, "audit") == 0)
		visit_bool(p, &c->audit, path, v);
	else if (strcmp(key, "shared_v8") == 0)
		visit_bool(p, &c->shared_v8, path, v);
	else if (strcmp(key, "shared_layout") == 0)
		visit_shared_layout(p, path, v);
	else
		visit_word(p, path, v);
	return 0;
}

int config_parse(const struct config_text *file, struct policy_config *out,
		 config_report *report, void *arg, struct error *err)
{
	struct config_walk p = { .file = file,
				 .config = out,
				 .report = report,
				 .arg = arg,
				 .err = err,
				 .skip = CONFIG_SKIP_NOTHING };
	size_t denies = out->deny.n, allows = out->allow.n;
	struct error syntax;

	if (file->len == 0)
		return 0;
	if (json_walk_any_depth(file->path, file->text, file->len, config_visit, &p, &syntax) <
	    0) {
		if (report)
			report(arg, &(struct config_problem){ .text = syntax.msg });
		if (!p.failed)
			*err = syntax;
		p.failed = true;
	} else {
		config_check_complete(&p, "deny", &out->deny, denies);
		config_check_complete(&p, "allow", &out->allow, allows);
	}
	return p.failed ? err_reason(err, REASON_CONFIG_INVALID, -EINVAL) : 0;
}
