/* SPDX-License-Identifier: Apache-2.0 */
/* A decision with all that led to it, for a reader. */
#include "policy/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

static void explain_source(const struct policy_subject *s, enum trusted_key key,
			   struct explained_value *out)
{
	const char *annotation = trusted_source(s->engine, key), *word = "";

	if (annotation)
		word = annotation;
	else if (key == TRUSTED_ENGINE && out->value[0])
		word = "where its configuration lies";
	else if (key == TRUSTED_USER)
		word = "whose user namespace it is";
	else if (key == TRUSTED_NAME && out->value[0])
		word = s->engine == ENGINE_LXC ? "LXC's call, or its monitor" :
						 "the arguments of its monitor, conmon";
	snprintf(out->source, sizeof(out->source), "%s", word);
}

/* An annotation that is an engine's word elsewhere, and here somebody else's. */
static void explain_claim(const struct policy_subject *s, enum trusted_key key,
			  struct explained_value *out)
{
	for (int e = 0; e < ENGINE_COUNT && !out->claimant[0]; e++) {
		const char *source = trusted_source((enum container_engine)e, key);
		const char *value =
			source ? annotation_value(s->annotation, s->n, source) : NULL;

		if (!value)
			continue;
		snprintf(out->claim, sizeof(out->claim), "%s", value);
		snprintf(out->claimant, sizeof(out->claimant), "%s", source);
	}
}

void policy_explain(const struct policy_config *config, const struct policy_subject *subject,
		    struct explanation *out)
{
	struct trusted_values trusted;

	*out = (struct explanation){ .denies = config->deny.n, .allows = config->allow.n };
	policy_decide(config, subject, &out->decision);
	trusted_values_find(subject, config->owner, &trusted);
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		struct explained_value *v = &out->value[k];

		if (trusted.value[k])
			snprintf(v->value, sizeof(v->value), "%s", trusted.value[k]);
		else
			explain_claim(subject, (enum trusted_key)k, v);
		explain_source(subject, (enum trusted_key)k, v);
	}
}

__printf(3, 4) static void add_text(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, size - len, fmt, ap);
	va_end(ap);
}

/* Is it one that the engine writes, and nobody else can? */
static bool is_trusted_annotation(enum container_engine engine, const char *key)
{
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		const char *source = trusted_source(engine, (enum trusted_key)k);

		if (source && strcmp(source, key) == 0)
			return true;
	}
	return false;
}

/* Behind what stands in text. */
static void describe_rule(const struct policy_rule *rule, enum container_engine engine,
			  char *text, size_t size)
{
	if (rule->annotation)
		add_text(text, size, "annotation %s=\"%s\"%s", rule->annotation, rule->match,
			 is_trusted_annotation(engine, rule->annotation) ? "" :
									   " (not trusted)");
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		if (rule->glob[k])
			add_text(text, size, "%s%s=\"%s\"", text[0] ? ", " : "",
				 trusted_key_name((enum trusted_key)k), rule->glob[k]);
	}
	if (rule->foreign)
		add_text(text, size, "%s%s, which is not understood", text[0] ? ", " : "",
			 rule->foreign);
}

static void explain_rule(const struct policy_config *config,
			 const struct policy_subject *subject,
			 const struct trusted_values *trusted, const struct policy_rule *rule,
			 struct explained_rule *out)
{
	const char *unknown = NULL;

	out->fit = policy_rule_fits(rule, subject, trusted, &unknown);
	out->counts = out->fit == FITS || (out->fit == FITS_MAYBE && out->deny &&
					   policy_unknown_denies(config, rule));
	out->line = (unsigned)rule->line;
	out->column = (unsigned)rule->column;
	snprintf(out->file, sizeof(out->file), "%s", policy_rule_file(rule));
	describe_rule(rule, subject->engine, out->text, sizeof(out->text));
	if (out->fit == FITS_MAYBE)
		snprintf(out->unknown, sizeof(out->unknown), "%s", unknown);
}

size_t policy_explain_rules(const struct policy_config *config,
			    const struct policy_subject *subject, size_t first,
			    struct explained_rule *out, size_t n)
{
	struct trusted_values trusted;
	size_t done = 0;

	trusted_values_find(subject, config->owner, &trusted);
	for (size_t i = first; i < config->deny.n + config->allow.n && done < n; i++) {
		bool deny = i < config->deny.n;

		out[done] = (struct explained_rule){ .deny = deny };
		explain_rule(config, subject, &trusted,
			     deny ? &config->deny.rule[i] :
				    &config->allow.rule[i - config->deny.n],
			     &out[done]);
		done++;
	}
	return done;
}
