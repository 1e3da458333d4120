/* SPDX-License-Identifier: Apache-2.0 */
/* Which memory has tags: lines of smaps, and processes of this machine. */
#include "kernel/memory_tags.h"

#include <sys/types.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

#define PLAIN  "VmFlags: rd wr mr mw me ac sd \n"
#define TAGGED "VmFlags: rd wr mr mw me ac mt mg \n"

static void lines(void)
{
	static const struct {
		const char *line[6];
		int64_t all, tagged;
	} cases[] = {
		{ { "Anonymous:   100 kB\n", PLAIN }, 100, 0 },
		{ { "Anonymous:   100 kB\n", TAGGED }, 100, 100 },
		{ { "Anonymous: 100 kB\n", TAGGED, "Anonymous: 7 kB\n", PLAIN }, 107, 100 },
		/* what was read of one mapping does not count for the next */
		{ { "Anonymous: 100 kB\n", PLAIN, TAGGED }, 100, 0 },
		{ { "Rss: 100 kB\n", "AnonHugePages: 9 kB\n", TAGGED }, 0, 0 },
		/* no flag of this name */
		{ { "Anonymous: 5 kB\n", "VmFlags: rd wr xmt mtx \n" }, 5, 0 },
		{ { "Anonymous: -5 kB\n", TAGGED }, 0, 0 },
		{ { "Anonymous: 99999999999999999999 kB\n", TAGGED }, 0, 0 },
		{ { "Anonymous: 1099511627776 kB\n", TAGGED },
		  INT64_C(1) << 40,
		  INT64_C(1) << 40 },
		{ { "Anonymous: 1099511627777 kB\n", TAGGED }, 0, 0 },
		{ { "aaaa0000-aaaa1000 rw-p 0 0:0 0 /Anonymous: 5 kB\n", TAGGED }, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct memory_tags t = { 0 };

		for (size_t k = 0; k < 6 && cases[i].line[k]; k++)
			memory_tags_add(&t, cases[i].line[k]);
		check_case = cases[i].line[0];
		CHECK_INT(t.all, cases[i].all);
		CHECK_INT(t.tagged, cases[i].tagged);
	}
}

static bool prevail(const char *text)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	bool r = f && memory_tags_prevail(f);

	CHECK(f != NULL);
	if (f)
		fclose(f);
	return r;
}

static void more_than_half(void)
{
	char text[2000], name[1000];

	CHECK(prevail("Anonymous: 101 kB\n" TAGGED "Anonymous: 100 kB\n" PLAIN));
	CHECK(!prevail("Anonymous: 100 kB\n" TAGGED "Anonymous: 100 kB\n" PLAIN));
	CHECK(!prevail("Anonymous: 0 kB\n" TAGGED));
	/* a name so long that its end is read by itself, which is none of smaps's lines */
	memset(name, 'a', sizeof(name));
	for (size_t len = 505; len <= 515; len++) {
		snprintf(text, sizeof(text), "%.*sAnonymous: 9 kB\nAnonymous: 1 kB\n" TAGGED,
			 (int)len, name);
		CHECK(prevail(text));
		snprintf(text, sizeof(text), "%.*s" TAGGED "Anonymous: 9 kB\n" PLAIN, (int)len,
			 name);
		CHECK(!prevail(text));
		snprintf(text, sizeof(text),
			 "Anonymous: 9 kB\n%.*sAnonymous: 1 kB\n" TAGGED
			 "Anonymous: 5 kB\n" PLAIN,
			 (int)len, name);
		CHECK(prevail(text));
	}
}

/* One that has no tags, and one that is not there; tagged ones are for tests of that machine. */
static void processes(void)
{
	CHECK(!memory_is_tagged(getpid()));
	CHECK(!memory_is_tagged(0x7fffffff));
}

int main(void)
{
	RUN(lines);
	RUN(more_than_half);
	RUN(processes);
	return check_end();
}
