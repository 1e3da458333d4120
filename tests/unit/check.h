/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that count themselves and name the place that failed. */
#ifndef KSM_CHECK_H
#define KSM_CHECK_H

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_passed, check_failed;
/* What a loop over cases is at, for the message. */
static const char *check_case = "";

static inline bool check_that(bool ok, const char *file, int line, const char *what)
{
	if (ok) {
		check_passed++;
		return true;
	}
	check_failed++;
	printf("%s:%d: %s%s%s\n", file, line, check_case, *check_case ? ": " : "", what);
	return false;
}

static inline void check_int(long long got, long long want, const char *file, int line,
			     const char *what)
{
	if (!check_that(got == want, file, line, what))
		printf("\tgot %lld, wanted %lld\n", got, want);
}

static inline void check_text(const char *got, const char *want, const char *file, int line,
			      const char *what)
{
	if (!check_that(got && strcmp(got, want) == 0, file, line, what))
		printf("\tgot    \"%s\"\n\twanted \"%s\"\n", got ? got : "(null)", want);
}

static inline void check_has(const char *got, const char *part, const char *file, int line,
			     const char *what)
{
	if (!check_that(strstr(got, part) != NULL, file, line, what))
		printf("\t\"%s\" does not hold \"%s\"\n", got, part);
}

/* Whether CASE, names or patterns with blanks between them, has the test, or is not given. */
static inline bool check_is_wanted(const char *test)
{
	const char *wanted = getenv("CASE");
	char word[100];

	if (!wanted || !*wanted)
		return true;
	for (const char *p = wanted; *(p += strspn(p, " ")); p += strcspn(p, " ")) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, " "), p);
		if (fnmatch(word, test, 0) == 0)
			return true;
	}
	return false;
}

static inline void check_run(const char *name, void (*test)(void))
{
	int before = check_passed + check_failed;

	if (!check_is_wanted(name))
		return;
	check_case = "";
	test();
	check_case = name;
	if (check_passed + check_failed == before)
		check_that(false, __FILE__, __LINE__, "checks nothing");
}

static inline int check_end(void)
{
	if (check_passed + check_failed == 0) {
		printf("no test %s\n", getenv("CASE") ? getenv("CASE") : "");
		check_failed++;
	}
	printf("%d passed, %d failed\n", check_passed, check_failed);
	return check_failed != 0;
}

#define CHECK(cond)           check_that(cond, __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want)  check_int(got, want, __FILE__, __LINE__, #got)
#define CHECK_TEXT(got, want) check_text(got, want, __FILE__, __LINE__, #got)
#define CHECK_HAS(got, part)  check_has(got, part, __FILE__, __LINE__, #got)

/* In main(): the test, unless CASE=, which make check hands on, asks for others. */
#define RUN(test) check_run(#test, test)

#endif
