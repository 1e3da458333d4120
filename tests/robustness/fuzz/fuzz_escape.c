/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the writers of other people's text. Nothing that a terminal or a reader takes
 * for something else comes out, and what comes out is read back as what went in.
 */

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "fuzz.h"
#include "stats/metrics_format.h"

static void check_printable(const uint8_t *data, size_t size)
{
	char *out = malloc(4 * size + 1), cut[16];
	size_t n = 0;

	require(out != NULL);
	printable(out, 4 * size + 1, (const char *)data, size);
	for (const char *p = out; *p; n++) {
		unsigned c = (unsigned char)*p++;

		require(c >= 0x20 && c < 0x7f);
		if (c == '\\') {
			require(sscanf(p, "x%2x", &c) == 1);
			p += 3;
		}
		require(n < size && c == data[n]);
	}
	require(n == size);
	printable(cut, sizeof(cut), (const char *)data, size);
	require(strlen(cut) < sizeof(cut) && strncmp(cut, out, strlen(cut)) == 0);
	free(out);
}

/* Lines and columns stay what they are: UTF-8, and no control character but newlines of ours. */
static void check_utf8(const char *text, size_t newlines)
{
	size_t seen = 0;

	while (*text) {
		uint32_t c;
		size_t len = utf8_decode(text, &c);

		/* a stand-in, which is four bytes */
		if (len == 0) {
			require(memcmp(text, "\xf4\x8f\xb8", 3) == 0 ||
				memcmp(text, "\xf4\x8f\xb9", 3) == 0 ||
				memcmp(text, "\xf4\x8f\xba", 3) == 0 ||
				memcmp(text, "\xf4\x8f\xbb", 3) == 0);
			text += 4;
			continue;
		}
		seen += c == '\n';
		require(c == '\n' || !utf8_is_control(c));
		text += len;
	}
	require(seen <= newlines);
}

/* Stand-ins back to bytes; the length. */
static size_t read_back(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (const char *end = text + len; text < end;) {
		const unsigned char *p = (const unsigned char *)text;

		if (end - text >= 4 && p[0] == 0xf4 && p[1] == 0x8f && (p[2] & 0xfc) == 0xb8) {
			out[n++] = (char)((p[2] & 3) << 6 | (p[3] & 0x3f));
			text += 4;
		} else {
			out[n++] = *text++;
		}
	}
	return n;
}

static const char *wanted;

static int compare_value(void *arg, const struct json_path *path, const struct json_value *v,
			 struct error *err)
{
	char *back = malloc(v->len + 1);
	bool *found = arg;

	(void)path, (void)err;
	require(back != NULL);
	if (v->type == JSON_STRING) {
		require(read_back(v->text, v->len, back) == strlen(wanted) &&
			memcmp(back, wanted, strlen(wanted)) == 0);
		*found = true;
	}
	free(back);
	return 0;
}

/* It prints to stdout, which is a piece of memory for now. */
static char *print_json(const char *text, size_t *size)
{
	FILE *real = stdout;
	char *out = NULL;
	struct json_out *o;

	stdout = open_memstream(&out, size);
	o = json_out_new();
	require(stdout && o);
	json_out_object(o, NULL);
	json_out_string(o, "key", text);
	json_out_end_object(o);
	require(json_out_finish(o) == 0);
	fclose(stdout);
	stdout = real;
	return out;
}

static void check_json(const char *text)
{
	struct error err;
	bool found = false;
	size_t size = 0;
	char *out = print_json(text, &size);

	check_utf8(out, 3);
	wanted = text;
	json_release();
	require(json_walk("written", out, size, false, compare_value, &found, &err) == 0 &&
		found);
	free(out);
}

static void check_metrics(const char *text)
{
	char *out = NULL, *back, id[64];
	size_t size = 0, n, k = 0;
	FILE *f = open_memstream(&out, &size);

	require(f != NULL);
	prometheus_label(f, "id", text);
	fclose(f);
	check_utf8(out, 0);
	require(size >= 5 && memcmp(out, "id=\"", 4) == 0 && out[size - 1] == '"');
	back = malloc(size + 1);
	require(back != NULL);
	/* by the rules of the format: a quote ends it, a backslash has one of three behind it */
	for (n = 4; n < size - 1; n++) {
		require(out[n] != '"');
		if (out[n] == '\\') {
			n++;
			require(n < size - 1 && strchr("\\\"n", out[n]));
			back[k++] = out[n] == 'n' ? '\n' : out[n];
		} else {
			back[k++] = out[n];
		}
	}
	k = read_back(back, k, back);
	require(k == strlen(text) && memcmp(back, text, k) == 0);
	free(back);
	free(out);
	collectd_identifier(id, sizeof(id), text);
	require(strlen(id) < sizeof(id) && !strpbrk(id, "/\" \n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_printable(data, size);
	check_json(text);
	check_metrics(text);
	free(text);
	return 0;
}
