/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: Docker's daemon.json, our runtime put in and taken out. In between every
 * other byte is what it was, and at the end all are.
 */
#include "fuzz.h"
#include "oci/daemon_json.h"

#define PROGRAM "/usr/bin/ksm-runc"

static size_t common(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* One piece was put in: what is before and behind it is the text that was. */
static bool is_with_one_piece(const char *was, size_t len, const struct daemon_text *t)
{
	size_t front = common(was, t->text, len), rest = len - front;

	return t->len > len && memcmp(was + front, t->text + t->len - rest, rest) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct daemon_text t = { malloc(size + DAEMON_JSON_ROOM + 1), size };
	char *was = fuzz_text(data, size);
	struct error err = { 0 };
	bool had, loose;
	int r;

	require(t.text != NULL);
	memcpy(t.text, was, size + 1);
	had = daemon_json_has_runtimes(&t);
	/* "runtimes": null has no place for a member, and is replaced */
	loose = daemon_json_is_empty(&t) || memmem(was, size, "null", 4);
	r = daemon_json_add("daemon.json", &t, PROGRAM, &err);
	if (r == 0) {
		require(loose || is_with_one_piece(was, size, &t));
		require(daemon_json_add("daemon.json", &t, PROGRAM, &err) == 1);
		r = daemon_json_remove("daemon.json", &t, PROGRAM, had, &err);
		require(r == 0 || r == -EBUSY);
		if (r == 0) {
			require(loose || (t.len == size && memcmp(t.text, was, size) == 0));
		}
	} else {
		require(t.len == size && memcmp(t.text, was, size) == 0);
		require(r == 1 || err.msg[0]);
		r = daemon_json_remove("daemon.json", &t, PROGRAM, had, &err);
		require(t.len < size || r != 0);
	}
	free(was);
	free(t.text);
	return 0;
}
