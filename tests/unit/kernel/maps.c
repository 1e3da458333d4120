/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/PID/maps: what they say, what is none, and which of a real process are shown. */
#include "kernel/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

static void lines(void)
{
	static const struct {
		const char *line;
		uint64_t start, end, offset;
		bool is_private;
		const char *name;
	} cases[] = {
		{ "00400000-00402000 r-xp 00001000 fe:00 1 /bin/true", 0x400000, 0x402000,
		  0x1000, true, "/bin/true" },
		{ "7f00-8f00 rw-s 00000000 00:00 0                    /a name with blanks "
		  "(deleted)",
		  0x7f00, 0x8f00, 0, false, "/a name with blanks (deleted)" },
		{ "7f00-8f00 rw-p 00000000 00:00 0 ", 0x7f00, 0x8f00, 0, true, "" },
		{ "7f00-8f00 rw-p 00000000 00:00 0", 0x7f00, 0x8f00, 0, true, "" },
		{ "0-200000000000000 ---p 0 ", 0, MAPS_ADDRESS_END, 0, true, "" },
		/* without what stands behind the mode */
		{ "1000-2000 rw-p 0", 0x1000, 0x2000, 0, true, NULL },
		{ "1000-2000 rw-p\n", 0x1000, 0x2000, 0, true, NULL },
		{ "1000-2000 rw-p x 00:00 0 /name", 0x1000, 0x2000, 0, true, NULL },
		{ "1000-2000 rw-p 11112222333344445 00:00 0 /name", 0x1000, 0x2000, 0, true,
		  NULL },
	};
	static const char *const none[] = {
		"",
		"1000-2000",
		"1000-2000 rw-",
		"1000-2000 rwp",
		"1000-2000 rw-pp 0",
		"1000-2000 rsxp 0",
		"1000-2000 rw-- 0",
		"2000-2000 rw-p 0",
		"2000-1000 rw-p 0",
		"0-ffffffffffffffff rw-p 0",
		"0-200000000001000 rw-p 0",
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]",
		"-1000-2000 rw-p 0",
		" 1000-2000 rw-p 0",
		"0x1000-0x2000 rw-p 0",
		"1000-2000\trw-p 0",
		"00000000000001000-2000 rw-p 0",
		"VmFlags: rd wr mr mw me ac",
		"/a name 0-1000 rw-p",
	};
	struct maps_line l;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].line;
		CHECK(maps_line_parse(cases[i].line, &l));
		CHECK(l.start == cases[i].start && l.end == cases[i].end);
		CHECK(l.offset == (cases[i].name ? cases[i].offset : l.offset));
		CHECK_INT(l.is_private, cases[i].is_private);
		CHECK((l.name != NULL) == (cases[i].name != NULL));
		if (l.name && cases[i].name)
			CHECK(strcmp(l.name, cases[i].name) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		check_case = none[i];
		CHECK(!maps_line_parse(none[i], &l));
	}
	check_case = "";
}

struct seen {
	const char *mine;
	size_t n, most, found;
};

static bool look(void *arg, const char *line)
{
	struct seen *s = arg;
	struct maps_line l;

	CHECK(!strchr(line, '\n'));
	if (maps_line_parse(line, &l))
		s->found += (uint64_t)(uintptr_t)s->mine >= l.start &&
			    (uint64_t)(uintptr_t)s->mine < l.end;
	return ++s->n < s->most;
}

static void a_process(void)
{
	char *mine = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct seen all = { mine, 0, 100000, 0 }, two = { mine, 0, 2, 0 },
		    gone = { mine, 0, 9, 0 };

	CHECK_INT(maps_each_line(getpid(), look, &all), 0);
	CHECK_INT(all.found, 1);
	CHECK(all.n > 5);
	CHECK_INT(maps_each_line(getpid(), look, &two), 0);
	CHECK_INT(two.n, 2);
	CHECK_INT(maps_each_line(0, look, &gone), -1);
	CHECK_INT(gone.n, 0);
	munmap(mine, 4096);
}

#define FORGED "123456000-123457000 rw-p 0 0 0 x"

static bool is_forged(void *arg, const char *line)
{
	struct seen *s = arg;

	s->n++;
	s->found += strcmp(line, FORGED) == 0;
	return true;
}

/* A name so long that the rest of its line begins where FORGED does, in pieces of so many bytes. */
static size_t rests(size_t piece)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char text[2048];
	size_t n = 0;

	while (f && fgets(text, (int)piece, f))
		n += strncmp(text, FORGED, strlen(FORGED)) == 0;
	if (f)
		fclose(f);
	return n;
}

/* What is left of a long name looks like a line of its own, and is none. */
static void a_long_name(void)
{
	char dir[] = "/tmp/ksm-hook-unit.XXXXXX", path[1600];
	struct seen s = { NULL, 0, 100000, 0 };
	char *mine = MAP_FAILED;
	size_t len;
	FILE *f;

	if (!mkdtemp(dir))
		abort();
	len = (size_t)snprintf(path, sizeof(path), "%s/", dir);
	for (int depth = 0; depth < 4; depth++) {
		memset(path + len, 'a', 200);
		len += 200;
		path[len] = '\0';
		if (mkdir(path, 0700) < 0)
			abort();
		path[len++] = '/';
	}
	/* in front of a name stand 73 letters */
	memset(path + len, 'b', 1023 - 73 - len);
	snprintf(path + 1023 - 73, sizeof(path) - 1023 + 73, "%s", FORGED);
	f = fopen(path, "w+e");
	if (!f || fputs("x", f) < 0 || fflush(f) != 0)
		abort();
	mine = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	CHECK(mine != MAP_FAILED);
	/* control */
	CHECK_INT(rests(1024), 1);
	CHECK_INT(maps_each_line(getpid(), is_forged, &s), 0);
	CHECK_INT(s.found, 0);
	CHECK(s.n > 5);
	munmap(mine, 4096);
	fclose(f);
	unlink(path);
	while (strcmp(path, dir) != 0) {
		*strrchr(path, '/') = '\0';
		rmdir(path);
	}
}

int main(void)
{
	RUN(lines);
	RUN(a_process);
	RUN(a_long_name);
	return check_end();
}
