/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of what was saved, in a file that root alone writes. */
#include "stats/capacity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/far_files.h"
#include "base/io.h"
#include "base/text.h"
#include "kernel/memory_headroom.h"

#define HEADER "ksm-hook samples 1\n"
/* of seconds: 34,000 years */
#define SECONDS_MAX (INT64_C(1) << 40)

/* The text up to the next space, or the end of the line, and what is behind it. */
static size_t next_word(const char **at, size_t *left, const char **word)
{
	size_t len = 0;

	*word = *at;
	while (len < *left && (*at)[len] != ' ')
		len++;
	*at += len < *left ? len + 1 : len;
	*left -= len < *left ? len + 1 : len;
	return len;
}

static bool parse_boot(const char *word, size_t len, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr("0123456789abcdef", word[i]);

		if (!digit || !word[i])
			return false;
		*out = *out << 4 | (uint64_t)(digit - "0123456789abcdef");
	}
	return len == 16;
}

static bool parse_sample(struct capacity_sample *out, const char *line, size_t len)
{
	const struct {
		int64_t *value, min, max;
	} number[] = {
		{ &out->uptime_s, 0, SECONDS_MAX },
		{ &out->time_s, -SECONDS_MAX, SECONDS_MAX },
		{ &out->saved, 0, CAPACITY_BYTES_MAX },
		{ &out->bare, -CAPACITY_BYTES_MAX, CAPACITY_BYTES_MAX },
	};
	const char *word;
	size_t n = next_word(&line, &len, &word);

	if (!parse_boot(word, n, &out->boot))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(number); i++) {
		n = next_word(&line, &len, &word);
		if (parse_int(word, n, number[i].min, number[i].max, number[i].value) < 0)
			return false;
	}
	return len == 0;
}

int capacity_parse(struct capacity_history *out, const char *text, size_t len,
		   struct error *err)
{
	size_t at = strlen(HEADER);

	out->n = 0;
	if (len < at || memcmp(text, HEADER, at) != 0)
		return err_set(err, EINVAL, "line 1: not \"%.*s\"", (int)at - 1, HEADER);
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);

		if (!end || out->n == CAPACITY_SAMPLES_MAX ||
		    !parse_sample(&out->sample[out->n], text + at, (size_t)(end - text) - at)) {
			size_t line = out->n + 2;

			out->n = 0;
			return err_set(err, EINVAL, "line %zu: not a sample", line);
		}
		out->n++;
		at = (size_t)(end - text) + 1;
	}
	return 0;
}

size_t capacity_format(const struct capacity_history *h, char text[CAPACITY_TEXT_MAX + 1])
{
	size_t len = strlen(HEADER);

	memcpy(text, HEADER, len + 1);
	/* who looks at processes has written it, too */
	for (size_t i = 0; i < h->n && i < CAPACITY_SAMPLES_MAX; i++) {
		const struct capacity_sample *s = &h->sample[i];

		len += (size_t)snprintf(text + len, CAPACITY_TEXT_MAX + 1 - len,
					"%016" PRIx64 " %" PRId64 " %" PRId64 " %" PRId64
					" %" PRId64 "\n",
					s->boot, s->uptime_s, s->time_s, s->saved, s->bare);
	}
	return len;
}

int capacity_load(struct capacity_history *out, const char *path, struct error *err)
{
	char *text = malloc(CAPACITY_TEXT_MAX + 1);
	ssize_t n;
	int r;

	out->n = 0;
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	/* /var may lie on a server */
	n = path[0] == '/' ? far_read_file(path, FILE_TRUSTED, text, CAPACITY_TEXT_MAX, err) :
			     read_regular_file(AT_FDCWD, path, FILE_TRUSTED, text,
					       CAPACITY_TEXT_MAX, err);
	r = n < 0 ? (int)n : capacity_parse(out, text, (size_t)n, err);
	if (n >= 0 && r < 0)
		err_wrap(err, r, "%s", path);
	free(text);
	return r;
}

int capacity_store(const struct capacity_history *h, const char *path, struct error *err)
{
	char *text = malloc(CAPACITY_TEXT_MAX + 1);
	const char *slash = strrchr(path, '/');
	char dir[256];
	int r;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	if (slash && slash > path && (size_t)(slash - path) < sizeof(dir)) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		/* what is wrong with it, the file itself will say */
		(void)mkdir(dir, 0755);
	}
	r = replace_file(AT_FDCWD, path, text, capacity_format(h, text), 0644, err);
	free(text);
	return r;
}

int capacity_sample_now(struct capacity_sample *out, const struct snapshot *s,
			struct error *err)
{
	char boot[64];
	struct timespec up, now;
	int64_t available = room_available();
	ssize_t n = read_kernel_file("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));

	if (n < 0)
		return err_errno(err, (int)-n, "/proc/sys/kernel/random/boot_id");
	if (available < 0)
		return err_set(err, ENOTSUP, "/proc/meminfo has no MemAvailable");
	if (clock_gettime(CLOCK_BOOTTIME, &up) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return err_errno(err, errno, "the clock");
	*out = (struct capacity_sample){ .boot = text_hash(boot),
					 .uptime_s = up.tv_sec,
					 .time_s = now.tv_sec,
					 .saved = s->total.saving.least,
					 .bare = available - s->total.saving.most };
	return 0;
}
