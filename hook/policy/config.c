/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: the administrator's part of the decision. */
#include "policy/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/userns.h"

ssize_t config_read(const char *path, char *buf, struct error *err)
{
	ssize_t n = read_regular_file(AT_FDCWD, path, FILE_TRUSTED | FILE_SYMLINK, buf,
				      CONFIG_MAX, err);

	/*
	 * In the user namespace of a container (LXC's mount hook) the host's root has no name
	 * of its own. The path is the host's still, and what root decides there is for this
	 * container alone.
	 */
	if (n == -EPERM && !userns_is_initial())
		n = read_regular_file(AT_FDCWD, path, FILE_HOST_TRUSTED | FILE_SYMLINK, buf,
				      CONFIG_MAX, err);
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		err->reason = n == -EPERM ? REASON_CONFIG_UNTRUSTED : REASON_CONFIG_UNREADABLE;
	return n;
}

struct config_walk {
	const char *name;
	struct policy_config *config;
	unsigned seen; /* a bit for each of keys */
};

static const char *const keys[] = { "containers",   "method",      "required", "allow",
				    "deny",         "runtimes",    "log",      "shared_layout",
				    "allow_groups", "deny_groups", "unknown" };

static int config_wrong(struct config_walk *p, const char *key, const char *expected,
			struct error *err)
{
	return err_set(err, EINVAL, "%s: \"%s\" must be %s", p->name, key, expected);
}

static bool is_plain_text(const struct json_value *v)
{
	return v->type == JSON_STRING && memchr(v->text, '\0', v->len) == NULL;
}

/* The member of the rule that a key of config.json stands for; NULL for one that is unknown. */
static const char **rule_member(struct policy_rule *rule, const char *key)
{
	if (strcmp(key, "annotation") == 0)
		return &rule->annotation;
	if (strcmp(key, "match") == 0)
		return &rule->match;
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		if (strcmp(key, trusted_key_name((enum trusted_key)k)) == 0)
			return &rule->glob[k];
	}
	return NULL;
}

static int visit_rules(struct config_walk *p, struct policy_rules *rules,
		       const struct json_path *path, const struct json_value *v,
		       struct error *err)
{
	static const char shape[] =
		"a list of rules such as {\"namespace\": GLOB} or {\"annotation\": KEY, "
		"\"match\": GLOB}, 64 at the most";
	const char *list = path->key[0], **member;
	struct policy_rule *rule;

	if (path->depth == 1)
		return v->type == JSON_ARRAY ? 0 : config_wrong(p, list, shape, err);
	if (path->index[1] >= POLICY_RULES_MAX)
		return config_wrong(p, list, shape, err);
	rule = &rules->rule[path->index[1]];
	rules->n = path->index[1] + 1;
	if (path->depth == 2)
		return v->type == JSON_OBJECT ? 0 : config_wrong(p, list, shape, err);
	member = path->depth == 3 && path->key[2] ? rule_member(rule, path->key[2]) : NULL;
	if (!member || *member || !is_plain_text(v))
		return config_wrong(p, list, shape, err);
	*member = v->text;
	return 0;
}

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

static int visit_runtimes(struct config_walk *p, const struct json_path *path,
			  const struct json_value *v, struct error *err)
{
	static const char shape[] =
		"a list of names and absolute paths of runtimes, 8 at the most";

	if (path->depth == 1)
		return v->type == JSON_ARRAY ? 0 : config_wrong(p, "runtimes", shape, err);
	if (path->depth > 2 || p->config->runtimes == POLICY_RUNTIMES_MAX ||
	    !is_plain_text(v) || !config_is_runtime(v->text))
		return config_wrong(p, "runtimes", shape, err);
	p->config->runtime[p->config->runtimes++] = v->text;
	return 0;
}

static int visit_globs(struct config_walk *p, struct policy_globs *globs,
		       const struct json_path *path, const struct json_value *v,
		       struct error *err)
{
	static const char shape[] = "a list of patterns of groups' names, 64 at the most";

	if (path->depth == 1)
		return v->type == JSON_ARRAY ? 0 : config_wrong(p, path->key[0], shape, err);
	if (path->depth > 2 || globs->n == POLICY_RULES_MAX || !is_plain_text(v))
		return config_wrong(p, path->key[0], shape, err);
	globs->glob[globs->n++] = v->text;
	return 0;
}

/* Of two "deny" lists one would be lost in silence, and a mistyped one too. */
static int check_key(struct config_walk *p, const char *key, struct error *err)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
		i++;
	if (i == ARRAY_SIZE(keys))
		return err_set(err, EINVAL, "%s: unknown key \"%.63s\"", p->name, key);
	if (p->seen & 1u << i)
		return err_set(err, EINVAL, "%s: \"%s\" is given twice", p->name, key);
	p->seen |= 1u << i;
	return 0;
}

static int config_visit(void *arg, const struct json_path *path, const struct json_value *v,
			struct error *err)
{
	struct config_walk *p = arg;
	struct policy_config *c = p->config;
	const char *key = path->depth ? path->key[0] : NULL;

	if (!key && v->type != JSON_OBJECT)
		return err_set(err, EINVAL, "%s: must hold an object, { }", p->name);
	if (!key)
		return 0;
	if (path->depth == 1 && check_key(p, key, err) < 0)
		return -EINVAL;
	if (strcmp(key, "allow") == 0)
		return visit_rules(p, &c->allow, path, v, err);
	if (strcmp(key, "deny") == 0)
		return visit_rules(p, &c->deny, path, v, err);
	if (strcmp(key, "runtimes") == 0)
		return visit_runtimes(p, path, v, err);
	if (strcmp(key, "allow_groups") == 0)
		return visit_globs(p, &c->allow_groups, path, v, err);
	if (strcmp(key, "deny_groups") == 0)
		return visit_globs(p, &c->deny_groups, path, v, err);
	if (strcmp(key, "containers") == 0) {
		if (!is_plain_text(v) || policy_containers_parse(v->text, &c->containers) < 0)
			return config_wrong(p, key, "\"annotated\", \"all\" or \"none\"", err);
	} else if (strcmp(key, "method") == 0) {
		if (!is_plain_text(v) || policy_method_parse(v->text, &c->method) < 0)
			return config_wrong(p, key, "\"auto\", \"inject\" or \"preload\"", err);
	} else if (strcmp(key, "unknown") == 0) {
		if (!is_plain_text(v) ||
		    (strcmp(v->text, "deny") != 0 && strcmp(v->text, "allow") != 0))
			return config_wrong(p, key, "\"deny\" or \"allow\"", err);
		c->allow_unknown = strcmp(v->text, "allow") == 0;
	} else if (strcmp(key, "required") == 0) {
		if (v->type != JSON_BOOL)
			return config_wrong(p, key, "true or false", err);
		c->required = v->boolean;
	} else if (strcmp(key, "shared_layout") == 0) {
		if (v->type != JSON_BOOL)
			return config_wrong(p, key, "true or false", err);
		c->shared_layout = v->boolean;
	} else if (strcmp(key, "log") == 0) {
		if (!is_plain_text(v) || log_level_parse(v->text, v->len, &c->log) < 0)
			return config_wrong(p, key,
					    "\"error\", \"warning\", \"info\" or \"debug\"",
					    err);
		c->log_given = true;
	}
	return 0;
}

static int rules_complete(const struct config_walk *p, const char *list,
			  const struct policy_rules *rules, struct error *err)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->rule[i];
		bool any = rule->annotation != NULL;

		for (size_t k = 0; k < TRUSTED_KEYS; k++)
			any = any || rule->glob[k];
		if (!any || !rule->annotation != !rule->match)
			return err_set(err, EINVAL,
				       "%s: \"%s\" rule %zu needs \"annotation\" and "
				       "\"match\", or a key such as \"namespace\"",
				       p->name, list, i + 1);
	}
	return 0;
}

int config_parse(const char *path, const char *text, size_t len, struct policy_config *out,
		 struct error *err)
{
	struct config_walk p = { .name = path, .config = out };
	int r;

	*out = (struct policy_config){ 0 };
	if (len == 0)
		return 0;
	r = json_walk(path, text, len, true, config_visit, &p, err);
	if (r == 0)
		r = rules_complete(&p, "allow", &out->allow, err);
	if (r == 0)
		r = rules_complete(&p, "deny", &out->deny, err);
	return r < 0 ? err_reason(err, REASON_CONFIG_INVALID, r) : 0;
}
