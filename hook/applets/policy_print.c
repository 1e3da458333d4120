/* SPDX-License-Identifier: Apache-2.0 */
/* What `ksm-hook policy explain` shows, for a reader and as JSON. */
#include "applets/policy_print.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The bytes of a text may each take four on a terminal. */
#define SHOWN(text) (4 * sizeof(text))

static const char *rule_says(const struct explained_rule *rule)
{
	if (rule->fit == FITS)
		return "matches";
	if (rule->fit == FITS_NOT)
		return "does not match";
	return rule->counts ? "not known, so it denies" : "not known";
}

void policy_print_value(const struct explanation *e, enum trusted_key key)
{
	const struct explained_value *v = &e->value[key];
	char shown[SHOWN(v->value)], claim[SHOWN(v->claim)];

	printable(shown, sizeof(shown), v->value, strlen(v->value));
	printf("  %-12s", trusted_key_name(key));
	if (v->value[0])
		printf("%s  (trusted, %s)\n", shown, v->source);
	else if (v->source[0])
		printf("not known: %s does not say it", v->source);
	else
		printf("not known: nobody who can be trusted says it");
	printable(claim, sizeof(claim), v->claim, strlen(v->claim));
	if (!v->value[0] && v->claimant[0])
		printf("; not trusted: %s=%s", v->claimant, claim);
	if (!v->value[0])
		printf("\n");
}

void policy_print_rule(const struct explained_rule *rule)
{
	char text[SHOWN(rule->text)], file[SHOWN(rule->file)], unknown[SHOWN(rule->unknown)];

	printable(text, sizeof(text), rule->text, strlen(rule->text));
	printable(file, sizeof(file), rule->file, strlen(rule->file));
	printable(unknown, sizeof(unknown), rule->unknown, strlen(rule->unknown));
	printf("  %-6s%s  (%s:%u:%u)  %s%s%s\n", rule->deny ? "deny" : "allow", text, file,
	       rule->line, rule->column, rule_says(rule), rule->unknown[0] ? ": " : "",
	       unknown);
}

static void print_outcome(const struct decision *d)
{
	char text[SHOWN(d->text)];

	printable(text, sizeof(text), d->text, strlen(d->text));
	printf("%s  reason=%s: %s\n",
	       d->merge ? "merge" :
	       d->would ? "would merge, but \"mode\" is \"observe\"" :
			  "leave alone",
	       reason_name(d->reason), text);
}

void policy_print_stopped(const struct error *stopped, const struct decision *otherwise)
{
	char text[SHOWN(stopped->msg)];

	printable(text, sizeof(text), stopped->msg, strlen(stopped->msg));
	printf("stopped\n  reason=%s: %s\n  otherwise: ", reason_name(stopped->reason), text);
	print_outcome(otherwise);
}

void policy_print_decision(const struct decision *d)
{
	char text[SHOWN(d->warning)];

	printf("decision\n  ");
	print_outcome(d);
	printable(text, sizeof(text), d->warning, strlen(d->warning));
	if (d->no_economy)
		puts("  economy: off");
	if (d->v8)
		puts("  v8: shared");
	if (d->warning[0])
		printf("  warning: %s\n", text);
}

void policy_write_value(struct json_out *json, const struct explanation *e,
			enum trusted_key key)
{
	const struct explained_value *v = &e->value[key];

	json_out_object(json, trusted_key_name(key));
	if (v->value[0])
		json_out_string(json, "value", v->value);
	else
		json_out_null(json, "value");
	if (v->source[0])
		json_out_string(json, "source", v->source);
	json_out_bool(json, "trusted", v->value[0] != '\0');
	if (v->claimant[0]) {
		json_out_object(json, "not_trusted");
		json_out_string(json, "value", v->claim);
		json_out_string(json, "source", v->claimant);
		json_out_end_object(json);
	}
	json_out_end_object(json);
}

void policy_write_rule(struct json_out *json, const struct explained_rule *rule)
{
	static const char *const fits[] = {
		[FITS_NOT] = "no", [FITS_MAYBE] = "not-known", [FITS] = "yes"
	};

	json_out_object(json, NULL);
	json_out_string(json, "list", rule->deny ? "deny" : "allow");
	json_out_string(json, "file", rule->file);
	json_out_int(json, "line", rule->line);
	json_out_int(json, "column", rule->column);
	json_out_string(json, "rule", rule->text);
	json_out_string(json, "matches", fits[rule->fit]);
	if (rule->unknown[0])
		json_out_string(json, "not_known", rule->unknown);
	json_out_end_object(json);
}

void policy_write_stopped(struct json_out *json, const struct error *stopped,
			  const struct decision *otherwise)
{
	json_out_object(json, "stopped");
	json_out_string(json, "reason", reason_name(stopped->reason));
	json_out_string(json, "text", stopped->msg);
	policy_write_decision(json, "otherwise", otherwise);
	json_out_end_object(json);
}

void policy_write_decision(struct json_out *json, const char *key, const struct decision *d)
{
	json_out_object(json, key);
	json_out_bool(json, "merge", d->merge);
	json_out_bool(json, "would", d->would);
	json_out_string(json, "reason", reason_name(d->reason));
	json_out_string(json, "text", d->text);
	if (d->no_economy)
		json_out_string(json, "economy", "off");
	if (d->v8)
		json_out_string(json, "v8", "shared");
	if (d->warning[0])
		json_out_string(json, "warning", d->warning);
	json_out_end_object(json);
}
