/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan() of the JSON reader: where each value ends, and keys of any length. */
#include "base/json_reader.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "json_seen.h"

static struct error err;

/* What a scan tells of a value: its path as text, and the offset behind it. */
static int scan_visit(void *arg, const struct json_path *path, const struct json_value *v,
		      struct error *e)
{
	size_t n;
	int r = visit(arg, path, v, e);

	n = strlen(seen);
	if (r == 0 && n > 0)
		snprintf(seen + n - 1, sizeof(seen) - n, "@%zu\n", v->end);
	return r;
}

static int scan_leave(void *arg, const struct json_path *path, size_t end, struct error *e)
{
	size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "%zu end@%zu\n", path->depth, end);
	return arg && end == *(size_t *)arg ? err_set(e, EXDEV, "enough") : 0;
}

static int scan(const char *text, size_t *stop_at)
{
	size_t len = strlen(text);
	char *exact = malloc(len);
	int r;

	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): it has to do without */
	memcpy(exact, text, len);
	seen[0] = err.msg[0] = '\0';
	r = json_scan("sample", exact, len, scan_visit, scan_leave, stop_at, &err);
	free(exact);
	return r;
}

static void scans(void)
{
	char text[1200], *big;
	size_t stop = 11, len;

	CHECK_INT(scan("{\"a\": [1, \"x\"], \"b\" : {\"c\":true} }", NULL), 0);
	CHECK_TEXT(seen, "={@1\n/a=[@7\n/a/0=#1@8\n/a/1=sx@13\n1 end@14\n/b={@23\n"
			 "/b/c=b1@31\n1 end@32\n0 end@34\n");
	CHECK_INT(scan("[[], [ ], {}]", NULL), 0);
	CHECK_TEXT(seen, "=[@1\n/0=[@2\n1 end@3\n/1=[@6\n1 end@8\n/2={@11\n1 end@12\n"
			 "0 end@13\n");
	/* a key that is shorter than the one before it */
	CHECK_INT(scan("{\"abc\":1,\"d\":2}", NULL), 0);
	CHECK_TEXT(seen, "={@1\n/abc=#1@8\n/d=#2@14\n0 end@15\n");
	/* what is called at an end may stop it too */
	CHECK_INT(scan("[[1, 2, 3]]", &stop), -EXDEV);
	CHECK_TEXT(err.msg, "enough");
	/* nothing is kept, so there may be more of it; but comments are none */
	CHECK_INT(scan("[1] // end", NULL), -EINVAL);
	/* a key that holds a NUL is no bad JSON, nor is a long one */
	CHECK_INT(scan("{\"pid\\u0000x\":1}", NULL), -EILSEQ);
	/* however long a key is, those around it and behind it are what they are */
	memset(text, 'k', sizeof(text));
	text[0] = '{';
	text[1] = '"';
	memcpy(text + 2 + 700, "\":{\"b\":[{\"c\":1}],\"d\":2},\"e\":3}",
	       sizeof("\":{\"b\":[{\"c\":1}],\"d\":2},\"e\":3}"));
	CHECK_INT(scan(text, NULL), 0);
	CHECK_HAS(seen, "kkk/b/0/c=#1@");
	CHECK_HAS(seen, "kkk/d=#2@");
	CHECK_HAS(seen, "\n/e=#3@");
	len = JSON_SCAN_KEYS - 1;
	big = malloc(len + 16);
	if (!CHECK(big))
		return;
	memset(big, 'k', len + 16);
	big[0] = '{';
	big[1] = '"';
	memcpy(big + 2 + len, "\":1}", sizeof("\":1}"));
	CHECK_INT(scan(big, NULL), 0);
	memcpy(big + 2 + len + 1, "\":1}", sizeof("\":1}"));
	big[2 + len] = 'k';
	CHECK_INT(scan(big, NULL), -E2BIG);
	free(big);
}

/* Keys that stand within each other share their room, to its last byte. */
static void nested_keys(void)
{
	const size_t outer = JSON_SCAN_KEYS / 2, inner = JSON_SCAN_KEYS - outer - 2;
	char *text = malloc(JSON_SCAN_KEYS + 16), *key;

	if (!CHECK(text))
		return;
	for (size_t more = 0; more < 2; more++) {
		memset(text, 'k', JSON_SCAN_KEYS + 16);
		text[0] = '{';
		text[1] = '"';
		key = text + 2 + outer;
		memcpy(key, "\":{\"", 4);
		memcpy(key + 4 + inner + more, "\":1}}", sizeof("\":1}}"));
		CHECK_INT(scan(text, NULL), more ? -E2BIG : 0);
	}
	CHECK_HAS(err.msg, "a key, with those around it, is longer than ");
	free(text);
}

int main(void)
{
	RUN(scans);
	RUN(nested_keys);
	return check_end();
}
