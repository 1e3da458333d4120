/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: a container's config.json, parsed and edited, and the result again. */
#include "base/error.h"
#include "base/text.h"
#include "fuzz.h"
#include "oci/spec.h"
#include "oci/spec_edit.h"
#include "policy/layout_policy.h"

static char *join(const struct spec_edit *e, size_t *len)
{
	char *out;

	*len = 0;
	for (int i = 0; i < e->n; i++)
		*len += e->piece[i].iov_len;
	out = malloc(*len + 1);
	require(out != NULL);
	for (size_t i = 0, at = 0; i < (size_t)e->n; at += e->piece[i++].iov_len)
		memcpy(out + at, e->piece[i].iov_base, e->piece[i].iov_len);
	return out;
}

/* Every byte but ours is what and where it was. */
static void check_rest(const struct spec_edit *e, const char *text, size_t size)
{
	const char *at = text;

	for (int i = 0; i < e->n; i++) {
		const char *piece = e->piece[i].iov_base;

		if (piece >= (const char *)e && piece < (const char *)(e + 1))
			continue;
		require(piece == at);
		at += e->piece[i].iov_len;
	}
	require(at == text + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy_config config = {
		.containers = CONTAINERS_ALL,
		.shared_layout = true,
		.deny = { { { "io.ksm.method", "pre*" } }, 1 },
	};
	static const struct spec_origin origin = {
		.bundle = "/run/io.containerd.runtime.v2.task/k8s.io/a",
		.id = "a",
	};
	const char *text = (const char *)data;
	const struct spec_additions additions = { "/lib.so",
						  { "PYTHONHASHSEED=1", "PERL_HASH_SEED=2",
						    "KSM_PRELOAD_V8_SEED=3" },
						  3 };
	struct spec_additions library = { .preload = additions.preload };
	struct spec_edit edit, again;
	struct spec spec, second;
	struct metadata names = { "" };
	struct decision d;
	struct error err = { 0 };
	char line[4 * sizeof(err.msg)];
	bool syntax;
	char *out;
	size_t len;

	json_release();
	if (spec_parse(text, size, &origin, &config, &spec, &names, &d, &syntax, &err) < 0) {
		/* one line that says something */
		/* keys of the text stand in it as they are: the writer escapes them */
		printable(line, sizeof(line), err.msg, strlen(err.msg));
		require(line[0] && !strchr(line, '\n'));
		return 0;
	}
	require(!syntax && d.reason && d.text[0] && spec_is_whole(text, size));
	layout_reconsider(&d, text, size);
	require(strlen(d.group) < sizeof(d.group) && !(d.group[0] && d.unshared[0]));
	require((spec.blocker.reason == REASON_NONE) == !spec.blocker.msg[0]);
	if (spec.blocker.reason != REASON_NONE)
		return 0;
	require(spec_edit(text, size, &spec, &additions, &edit, &err) == 0);
	check_rest(&edit, text, size);
	out = join(&edit, &len);
	require(len >= size);
	json_release();
	require(spec_parse(out, len, &origin, &config, &second, NULL, &d, &syntax, &err) == 0);
	require(second.blocker.reason == REASON_NONE && !second.blocker.msg[0]);
	require(second.python_seed && second.perl_seed && second.v8_seed);
	require(second.env == SPEC_ENV_THERE && second.mount == SPEC_MOUNT_THERE);
	require(spec_edit(out, len, &second, &library, &again, &err) == 0 && again.n == 1);
	free(out);
	return 0;
}
