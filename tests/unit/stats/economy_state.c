/* SPDX-License-Identifier: Apache-2.0 */
/* What economize remembers: written and read alike, bounded, and nothing made of malformed lines. */
#include "stats/economy_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

static struct economy_state s, t;
static char text[ECONOMY_TEXT_MAX];

static void there_and_back(void)
{
	size_t len;

	s.n = 2;
	s.record[0] = (struct economy_record){
		7, UINT64_MAX, { true, INT64_MAX, 0, ECONOMY_SEEN_NARROWED, 9, 8 }
	};
	s.record[1] = (struct economy_record){
		4194304, 0, { true, 12, INT64_MAX, ECONOMY_SEEN_DEAR, INT64_MAX, 0 }
	};
	len = economy_state_format(&s, text, sizeof(text));
	CHECK_INT(len, strlen(text));
	CHECK_TEXT(text, "7 18446744073709551615 9223372036854775807 0 9 8 2\n"
			 "4194304 0 12 9223372036854775807 9223372036854775807 0 0\n");
	economy_state_parse(text, &t);
	CHECK_INT(t.n, 2);
	CHECK_INT(t.record[0].pid, 7);
	CHECK(t.record[0].start == UINT64_MAX && t.record[0].past.known);
	CHECK_INT(t.record[0].past.scans, INT64_MAX);
	CHECK_INT(t.record[1].pid, 4194304);
	CHECK_INT(t.record[1].past.ms, INT64_MAX);
	CHECK_INT(t.record[0].past.seen, ECONOMY_SEEN_NARROWED);
	CHECK_INT(t.record[0].past.cost, 9);
	CHECK_INT(t.record[0].past.merged, 8);
	CHECK_INT(t.record[1].past.seen, ECONOMY_SEEN_DEAR);
	CHECK_INT(t.record[1].past.cost, INT64_MAX);
}

static void malformed(void)
{
	/* blanks behind a record, more than a line of ours has */
	char long_line[200];
	const char *const cases[] = {
		"",
		"\n\n",
		"x",
		"1 2 3",
		"1 2 3 4",
		"1 2 3 4 5 0",
		"0 2 3 4 5 6 0\n",
		"-1 2 3 4 5 6 0",
		"1 2 -3 4 5 6 0",
		"1 2 3 -4 5 6 0",
		"1 2 3 4 -5 6 0",
		"1 2 3 4 5 -6 0",
		"1 2 3 4 5 6 -1",
		"1 2 3 4 5 6 3",
		"1 two 3 4 5 6 0\n",
		long_line,
	};

	snprintf(long_line, sizeof(long_line), "1 2 3 4 5 6 0%150s\n", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i];
		economy_state_parse(cases[i], &t);
		CHECK_INT(t.n, 0);
	}
	check_case = "";
	economy_state_parse("bad\n1 2 3 4 5 6 0\n\nworse 5\n5 6 7 8 9 1 1", &t);
	CHECK_INT(t.n, 2);
	CHECK_INT(t.record[1].pid, 5);
}

static void bounded(void)
{
	size_t at = 0;

	s.n = ECONOMY_RECORDS_MAX;
	for (size_t i = 0; i < s.n; i++)
		s.record[i] = (struct economy_record){
			.pid = INT32_MAX,
			.start = UINT64_MAX,
			.past = { true, INT64_MAX, INT64_MAX, ECONOMY_SEEN_NARROWED, INT64_MAX,
				  INT64_MAX },
		};
	CHECK(economy_state_format(&s, text, sizeof(text)) < sizeof(text));
	/* one more finds no place */
	economy_state_add(&s, getpid(), &s.record[0].past);
	CHECK_INT(s.n, ECONOMY_RECORDS_MAX);
	for (size_t i = 0; i < ECONOMY_RECORDS_MAX + 9; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%zu 1 1 1 1 1 0\n",
				       i + 1);
	economy_state_parse(text, &t);
	CHECK_INT(t.n, ECONOMY_RECORDS_MAX);
	CHECK_INT(t.record[t.n - 1].pid, ECONOMY_RECORDS_MAX);
}

static void found_by_its_process(void)
{
	struct container_name a = { "docker", "a" }, b = { "docker", "b" };
	struct economy_past past;

	s.n = 3;
	s.record[0] = (struct economy_record){
		1, 1, { .known = true, .scans = 1 }, a, false
	}; /* ended */
	s.record[1] = (struct economy_record){ 2, 1, { .known = true, .scans = 2 }, b, true };
	s.record[2] = (struct economy_record){ 3, 1, { .known = true, .scans = 3 }, a, true };
	economy_state_find(&s, &a, &past);
	CHECK(past.known);
	CHECK_INT(past.scans, 3);
	s.n = 2;
	economy_state_find(&s, &a, &past);
	CHECK(!past.known);
	s.n = 0;
	economy_state_add(&s, getpid(), &past);
	economy_state_add(&s, 0, &past);
	CHECK_INT(s.n, 1);
	CHECK(s.record[0].start > 0);
}

int main(void)
{
	RUN(there_and_back);
	RUN(malformed);
	RUN(bounded);
	RUN(found_by_its_process);
	return check_end();
}
