/* SPDX-License-Identifier: Apache-2.0 */
/* Where paths lead: by directories of one file system, or to another one, or over a link. */
#include "base/near_path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

/* In a directory with sub/file, link (to sub), and what the host has. */
static void from_a_directory(void)
{
	static const struct {
		const char *path;
		bool near;
	} cases[] = {
		{ "sub", true },      { "sub/file", true },       { "./sub//file", true },
		{ "", true },         { "nothing/at/all", true }, { "sub/file/below", true },
		{ "link", false },    { "link/file", false },     { "sub/../sub/file", false },
		{ "/proc/1", false }, { "/proc", false },
	};
	char dir[] = "/tmp/near-path.XXXXXX";
	int at;

	CHECK(mkdtemp(dir) != NULL);
	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(at >= 0 && mkdirat(at, "sub", 0755) == 0 && symlinkat("sub", at, "link") == 0);
	close(openat(at, "sub/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (path_stays_near(at, cases[i].path) != cases[i].near)
			printf("%s\n", cases[i].path);
		CHECK(path_stays_near(at, cases[i].path) == cases[i].near);
	}
	CHECK(!path_stays_near(-1, "sub"));
	CHECK(unlinkat(at, "sub/file", 0) == 0 && unlinkat(at, "link", 0) == 0);
	CHECK(unlinkat(at, "sub", AT_REMOVEDIR) == 0 && rmdir(dir) == 0);
	close(at);
}

static void of_the_host(void)
{
	char place[PATH_MAX] = "";

	CHECK(path_is_hosts("/", place, sizeof(place)));
	CHECK(path_is_hosts("/run", place, sizeof(place)));
	CHECK(path_is_hosts("/run/no-such-directory/file", place, sizeof(place)));
	CHECK_TEXT(place, "");
	CHECK(!path_is_hosts("/proc/1/status", place, sizeof(place)));
	CHECK_TEXT(place, "/proc");
	CHECK(!path_is_hosts("/proc/self/status", NULL, 0));
	/* the last file system, or link, of the way */
	path_follow("/proc/self/status", place, sizeof(place));
	CHECK_TEXT(place, "/proc/self");
}

int main(void)
{
	RUN(from_a_directory);
	RUN(of_the_host);
	return check_end();
}
