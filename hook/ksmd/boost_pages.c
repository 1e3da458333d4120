/* SPDX-License-Identifier: Apache-2.0 */
/* pages_to_scan while a boost is on, and the note of what was written there. */
#include "ksmd/boost_pages.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "ksmd/settings.h"

#define PAGES "boost.pages"

int64_t boost_setting(const char *text)
{
	int64_t v;

	return parse_int(text, strlen(text), 0, INT64_MAX, &v) < 0 ? -1 : v;
}

int64_t boost_read_pages(void)
{
	char text[SETTING_TEXT];
	struct error err;

	return setting_read(SETTING_PAGES, text, &err) < 0 ? -1 : boost_setting(text);
}

int boost_write_pages(int64_t pages)
{
	char text[SETTING_TEXT];
	struct error err;

	snprintf(text, sizeof(text), "%lld", (long long)pages);
	return setting_write(SETTING_PAGES, text, &err);
}

int boost_note(int dir, int64_t now, int64_t next)
{
	struct error err;
	char text[64];
	int n = snprintf(text, sizeof(text), "%lld %lld\n", (long long)now, (long long)next);

	return replace_file(dir, PAGES, text, (size_t)n, 0600, &err);
}

bool boost_is_noted(int dir, int64_t pages)
{
	struct error err;
	long long a, b;
	char text[64];

	return read_regular_file(dir, PAGES, FILE_TRUSTED, text, sizeof(text) - 1, &err) > 0 &&
	       sscanf(text, "%lld %lld", &a, &b) == 2 && (pages == a || pages == b);
}

int boost_return_to_rest(int dir, int64_t rest)
{
	int64_t now = boost_read_pages();
	int r = 0;

	if (now != rest && boost_is_noted(dir, now))
		r = boost_write_pages(rest);
	if (r == 0)
		(void)unlinkat(dir, PAGES, 0);
	return r;
}
