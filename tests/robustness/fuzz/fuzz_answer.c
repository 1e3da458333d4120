/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: what a parser that was taken over may answer. Input: pieces of three bytes or
 * more, (where, where, length, bytes), written over an answer that is right. What passes the
 * check is used, and adds to config.json only what may be added.
 */
#include "base/text.h"
#include "fuzz.h"
#include "oci/decision_check.h"
#include "oci/spec_edit.h"

static const char config[] =
	"{\"root\":{\"path\":\"r\"},\"process\":{\"args\":[\"sh\"],\"env\":[\"A=b\"]},"
	"\"mounts\":[{\"destination\":\"/dev\"}]}";

static const struct container_decision right = {
	.log_given = true,
	.log = LOG_LEVEL_DEBUG,
	.decision = { .merge = true,
		      .required = true,
		      .method = METHOD_PRELOAD,
		      .reason = REASON_REQUESTED,
		      .text = "annotation io.ksm.merge=true",
		      .group = "prod/image:docker.io/library/python:3.12@sha256:0" },
	.id = "web-1",
	.pid = 4711,
	.running = true,
	.bundle = "/run/b",
	.spec = { .env = SPEC_ENV_ADD,
		  .add = SPEC_ENV_ADD,
		  .mount = SPEC_MOUNT_ADD,
		  .env_at = 58,
		  .add_at = 58,
		  .mount_at = 93,
		  .id = "web-1",
		  .root = "rootfs",
		  .program = "sh",
		  .path = "/bin" },
};

static void write_over(struct container_decision *d, const uint8_t *data, size_t size)
{
	while (size >= 3) {
		size_t at = (size_t)data[0] << 8 | data[1], n = data[2];

		data += 3;
		size -= 3;
		n = n < size ? n : size;
		if (at < sizeof(*d))
			memcpy((char *)d + at, data, n < sizeof(*d) - at ? n : sizeof(*d) - at);
		data += n;
		size -= n;
	}
}

/* What is left of the edited text without the pieces that were added is the text. */
static void check_edit(const struct spec *s)
{
	static const struct spec_additions add = { "/lib/libksm_preload.so",
						   { "PYTHONHASHSEED=1" },
						   1 };
	const char *at = config, *end = config + sizeof(config) - 1;
	struct spec_edit edit;
	struct error err;

	if (spec_edit(config, sizeof(config) - 1, s, &add, &edit, &err) < 0) {
		require(err.msg[0]);
		return;
	}
	for (int i = 0; i < edit.n; i++) {
		const char *piece = edit.piece[i].iov_base;

		if (piece < config || piece > end) {
			/* nobody else's text */
			require(piece >= (char *)&edit && piece < (char *)(&edit + 1));
			continue;
		}
		require(piece == at);
		at += edit.piece[i].iov_len;
	}
	require(at == end);
}

/* What users of a decision rely on, by their own words and not by those of decision_check.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct container_decision d;
	struct error err = { 0 };
	char line[4 * sizeof(d.err.msg)];
	enum reason blocker;

	d = right;
	require(decision_check(&d, sizeof(config) - 1, &err) == 0);
	write_over(&d, data, size);
	blocker = d.spec.blocker.reason;
	if (decision_check(&d, sizeof(config) - 1, &err) < 0) {
		require(err.reason == REASON_PARSER_REPLY && err.msg[0]);
		return 0;
	}
	require(d.pid >= 0 && (!d.bundle[0] || d.bundle[0] == '/'));
	require(d.failed == !!d.failed && d.syntax == !!d.syntax && !(d.syntax && !d.failed));
	/* what keeps the library out is no longer in the way for having a number that is no reason */
	require(d.spec.blocker.reason == blocker);
	require(d.decision.merge == !!d.decision.merge && reason_name(d.decision.reason));
	printable(line, sizeof(line), d.err.msg, strlen(d.err.msg));
	require(strlen(d.decision.text) < sizeof(d.decision.text) &&
		strlen(d.decision.group) < sizeof(d.decision.group));
	require(strlen(d.id) < sizeof(d.id) && !strchr(d.id, '/'));
	metadata_label(&d.metadata, line, METADATA_LABEL_MAX);
	check_edit(&d.spec);
	return 0;
}
