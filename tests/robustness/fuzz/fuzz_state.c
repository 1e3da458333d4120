/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the container state, with a configuration whose rules look at it. */
#include "base/error.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "fuzz.h"
#include "oci/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy_config config = {
		.containers = CONTAINERS_ALL,
		.allow = { { { "team", "*a*" }, { .glob = { [TRUSTED_POD] = "web-[0-9]" } } },
			   2 },
		.deny = { { { "io.ksm.method", "pre*" } }, 1 },
	};
	static struct state state;
	struct decision d;
	struct metadata metadata, names;
	struct policy_subject subject = { .engine = ENGINE_UNKNOWN };
	struct error err = { 0 };
	char line[4 * sizeof(err.msg)];

	json_release();
	if (state_parse((const char *)data, size, &config, &state, &err) < 0) {
		/* one line that says something */
		/* keys of the text stand in it as they are: the writer escapes them */
		printable(line, sizeof(line), err.msg, strlen(err.msg));
		require(line[0] && !strchr(line, '\n'));
		return 0;
	}
	require(state.pid >= 0 && state.n <= ANNOTATIONS_MAX);
	require(strlen(state.id) < sizeof(state.id));
	for (size_t i = 0; i < state.n; i++)
		require(strlen(state.annotation[i].value) <= ANNOTATION_MAX);
	subject.annotation = state.annotation;
	subject.n = state.n;
	subject.engine = engine_of_bundle(state.bundle, state.id, false);
	state_names(&subject, &names);
	metadata = names;
	metadata_end(&metadata);
	require(memcmp(&metadata, &names, sizeof(metadata)) == 0);
	policy_decide(&config, &subject, &d);
	require(d.reason && d.text[0] && strlen(d.warning) < sizeof(d.warning));
	require(d.method <= METHOD_PRELOAD);
	return 0;
}
