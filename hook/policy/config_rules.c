/* SPDX-License-Identifier: Apache-2.0 */
/* Of policy/config.c: the rules of "allow" and "deny". */
#include "policy/config_rules.h"

#include <string.h>

#include "policy/rule_pattern.h"

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

/* What must be: NULL if v is that. */
static const char *member_fault(const struct policy_rule *rule, const char *const *member,
				const struct json_value *v)
{
	if (!config_is_text(v))
		return member == &rule->annotation ? "a text, an annotation's key" :
						     "a text, a glob(7) pattern";
	if (member == &rule->annotation)
		return NULL;
	return member == &rule->match ?
		       rule_pattern_fault(v->text) :
		       rule_trusted_fault((enum trusted_key)(member - rule->glob), v->text);
}

/* It does what it says, and other containers say the same by other keys. */
static void advise_word(struct config_walk *p, const struct json_value *v)
{
	const char *word = rule_annotation_word(v->text);

	if (word)
		config_say(p, PROBLEM_ADVICE, config_place_of(p, v),
			   "\"%.63s\" is one engine's annotation, and anybody's with others: "
			   "\"%s\" asks each engine by its own",
			   v->text, word);
}

static void visit_rule_member(struct config_walk *p, struct policy_rule *rule,
			      const struct json_path *path, const struct json_value *v)
{
	const char *key = path->key[2], **member = rule_member(rule, key), *fault;

	if (!member) {
		/* nobody can tell of which containers it would hold */
		p->skip = (int)path->depth;
		if (!rule->foreign)
			rule->foreign = key;
		config_say(p, PROBLEM_WARNING, config_place_of(p, v),
			   "unknown key \"%.63s\" of a rule: not understood, so the rule %s",
			   key,
			   path->key[0][0] == 'd' ? "denies whatever the rest of it fits" :
						    "allows nothing");
		return;
	}
	fault = member_fault(rule, member, v);
	if (*member)
		config_say(p, PROBLEM_ERROR, config_place_of(p, v), "\"%s\" is given twice",
			   key);
	else if (fault)
		config_refuse(p, path, v, key, fault);
	else if (member == &rule->annotation)
		advise_word(p, v);
	*member = config_is_text(v) ? v->text : "";
}

void config_visit_rules(struct config_walk *p, struct policy_rules *rules,
			const struct json_path *path, const struct json_value *v)
{
	static const char shape[] =
		"a list of rules such as {\"namespace\": GLOB} or {\"annotation\": KEY, "
		"\"match\": GLOB}, 64 at the most";
	struct json_position at;

	if (path->depth > 2) {
		visit_rule_member(p, &rules->rule[rules->n - 1], path, v);
		return;
	}
	if (v->type != (path->depth == 1 ? JSON_ARRAY : JSON_OBJECT)) {
		config_refuse(p, path, v, path->key[0], shape);
	} else if (path->depth == 2 && rules->n == POLICY_RULES_MAX) {
		config_refuse(p, path, v, path->key[0], shape);
		p->skip = 1; /* said once */
	} else if (path->depth == 2) {
		at = config_place_of(p, v);
		rules->rule[rules->n++] = (struct policy_rule){ .file = p->file->name,
								.line = at.line,
								.column = at.column };
	}
}

void config_check_complete(struct config_walk *p, const char *list,
			   const struct policy_rules *rules, size_t before)
{
	for (size_t i = before; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->rule[i];
		bool any = rule->annotation || rule->foreign;

		for (size_t k = 0; k < TRUSTED_KEYS; k++)
			any = any || rule->glob[k];
		if (!any || !rule->annotation != !rule->match)
			config_say(p, PROBLEM_ERROR,
				   (struct json_position){ rule->line, rule->column },
				   "\"%s\" rule %zu needs \"annotation\" and \"match\", or "
				   "a key such as \"namespace\"",
				   list, i - before + 1);
	}
}
