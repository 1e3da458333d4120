/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: config.json, and a decision with whatever it says. */
#include "base/error.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "fuzz.h"
#include "policy/config.h"
#include "policy/rule_fit.h"

static void check_rules(const struct policy_rules *rules)
{
	require(rules->n <= POLICY_RULES_MAX);
	for (size_t i = 0; i < rules->n; i++)
		require(!rules->rule[i].annotation == !rules->rule[i].match &&
			policy_rule_subject(&rules->rule[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct annotation annotations[] = { { "io.ksm.merge", "true" },
							 { "a", "web-1" },
							 { "team", "" } };
	static struct policy_config config;
	struct decision d;
	struct error err = { 0 };
	char line[4 * sizeof(err.msg)];

	json_release();
	config = (struct policy_config){ 0 };
	if (config_parse(&(struct config_text){ "config.json", NULL, (const char *)data, size },
			 &config, NULL, NULL, &err) < 0) {
		/* keys of the file stand in it as they are: the writer escapes them */
		printable(line, sizeof(line), err.msg, strlen(err.msg));
		require(line[0] && !strchr(line, '\n'));
		return 0;
	}
	require(config.containers <= CONTAINERS_NONE && config.method <= METHOD_PRELOAD);
	require(config.log <= LOG_LEVEL_DEBUG);
	check_rules(&config.allow);
	check_rules(&config.deny);
	policy_decide(&config,
		      &(struct policy_subject){ .annotation = annotations,
						.n = ARRAY_SIZE(annotations) },
		      &d);
	require(d.reason != REASON_NONE && d.text[0]);
	require(!d.merge || config.containers != CONTAINERS_NONE);
	return 0;
}
