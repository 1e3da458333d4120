/* SPDX-License-Identifier: Apache-2.0 */
/* The note of what a boost writes: which values are told from those of somebody else. */
#include "ksmd/boost_pages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

static char note_path[] = "/tmp/ksm-unit-XXXXXX";
static int note_dir;

static void settings(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} of[] = {
		{ "0", 0 },
		{ "100", 100 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -1 },
		{ "-1", -1 },
		{ "", -1 },
		{ "[always]", -1 },
		{ "100 pages", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = of[i].text;
		CHECK_INT(boost_setting(of[i].text), of[i].want);
	}
}

static void notes(void)
{
	struct stat st = { 0 };

	CHECK(!boost_is_noted(note_dir, 100));
	CHECK_INT(boost_note(note_dir, 100, 20000), 0);
	CHECK(boost_is_noted(note_dir, 100));
	CHECK(boost_is_noted(note_dir, 20000));
	CHECK(!boost_is_noted(note_dir, 10020000));
	CHECK(!boost_is_noted(note_dir, 2000));
	CHECK(!boost_is_noted(note_dir, -1));
	CHECK_INT(fstatat(note_dir, "boost.pages", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	/* the last one counts */
	CHECK_INT(boost_note(note_dir, INT64_MAX, 0), 0);
	CHECK(boost_is_noted(note_dir, INT64_MAX) && boost_is_noted(note_dir, 0));
	CHECK(!boost_is_noted(note_dir, 100));
	CHECK_INT(unlinkat(note_dir, "boost.pages", 0), 0);
}

static void spoiled(void)
{
	static const struct {
		const char *text;
		mode_t mode;
		bool noted;
	} of[] = {
		{ "7 8\n", 0600, true },
		/* which others may write to */
		{ "7 8\n", 0622, false },
		{ "7\n", 0600, false },
		{ "", 0600, false },
		{ "x 7\n", 0600, false },
		/* as long as a note may be, and a byte longer */
		{ "7 8                                                            ", 0600,
		  true },
		{ "7 8                                                             ", 0600,
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		int fd = openat(note_dir, "boost.pages", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		check_case = of[i].text;
		CHECK(write(fd, of[i].text, strlen(of[i].text)) == (ssize_t)strlen(of[i].text));
		CHECK_INT(fchmod(fd, of[i].mode), 0);
		close(fd);
		CHECK_INT(boost_is_noted(note_dir, 7), of[i].noted);
		CHECK_INT(unlinkat(note_dir, "boost.pages", 0), 0);
	}
}

int main(void)
{
	if (!mkdtemp(note_path))
		abort();
	note_dir = open(note_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RUN(settings);
	RUN(notes);
	RUN(spoiled);
	close(note_dir);
	rmdir(note_path);
	return check_end();
}
