/* SPDX-License-Identifier: Apache-2.0 */
/* lint: no analysis (the targets are the makefile's) */
/*
 * All targets in one program, without a fuzzer: every seed and every reproducer of a crash that
 * was, in a second. TARGETS is T(name) for each, from the makefile.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "check.h"

/* No seed is longer. */
#define SEED_MAX (1u << 20)

typedef int fuzz_target(const uint8_t *data, size_t size);

#define T(name) fuzz_target fuzz_##name;
TARGETS
#undef T

static const struct {
	const char *name;
	fuzz_target *run;
} targets[] = {
#define T(name) { #name, fuzz_##name },
	TARGETS
#undef T
};

static void run_seed(fuzz_target *run, const char *path)
{
	static char text[SEED_MAX + 1];
	struct error err = { 0 };
	ssize_t n = read_regular_file(AT_FDCWD, path, FILE_UNTRUSTED, text, SEED_MAX, &err);

	CHECK_TEXT(err.msg, "");
	/* it stays the last line of what is printed if the target aborts */
	printf("%s\n", path);
	fflush(stdout);
	if (n >= 0)
		CHECK_INT(run((const uint8_t *)text, (size_t)n), 0);
	CHECK_INT(run((const uint8_t *)text, 0), 0);
}

static void run_seeds(const char *name, fuzz_target *run)
{
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent *e;
	int seeds = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", CORPUS, name);
	d = opendir(dir);
	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		run_seed(run, path);
		seeds++;
	}
	if (d)
		closedir(d);
	check_case = name;
	/* a target that nothing leads into is none */
	CHECK(seeds > 0);
	check_case = "";
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		run_seeds(targets[i].name, targets[i].run);
	return check_end();
}
