/* SPDX-License-Identifier: Apache-2.0 */
/* ksmd's settings: profiles, reading and writing them, remembering what was found. */
#include "ksmd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/ksm.h"

#define SYSFS     "/sys/kernel/mm/ksm/"
#define DIRECTORY "/run/ksm-hook"
#define STATE     "ksmd"
#define STATE_NEW "ksmd.new"
#define STATE_MAX 1024
#define LOCK      "ksmd.lock"

static const char *const names[KNOBS] = {
	[KNOB_ADVISOR] = "advisor_mode",      [KNOB_SMART_SCAN] = "smart_scan",
	[KNOB_ZERO_PAGES] = "use_zero_pages", [KNOB_SLEEP] = "sleep_millisecs",
	[KNOB_PAGES] = "pages_to_scan",       [KNOB_RUN] = "run",
};

/* mm/ksm.c; ksmd itself is off */
static const char *const defaults[KNOBS] = {
	[KNOB_ADVISOR] = "none", [KNOB_SMART_SCAN] = "1", [KNOB_ZERO_PAGES] = "0",
	[KNOB_SLEEP] = "20",     [KNOB_PAGES] = "100",    [KNOB_RUN] = "0",
};

/* docs/tuning.md has what these cost and how long they take, measured by bench/ksmd. */
#define KNOB_VALUES(pages)                                                                 \
	{                                                                                  \
		[KNOB_ADVISOR] = "none", [KNOB_SMART_SCAN] = "1", [KNOB_ZERO_PAGES] = "1", \
		[KNOB_SLEEP] = "20", [KNOB_PAGES] = (pages), [KNOB_RUN] = "1",             \
	}

static const struct tune_profile profiles[] = {
	{ "gentle", KNOB_VALUES("50"), { 250, 1000, 5 } },
	{ "balanced", KNOB_VALUES("80"), { 1000, 4000, 18 } },
	{ "fast", KNOB_VALUES("200"), { 4000, 20000, 60 } },
};

const struct tune_profile *tune_profile(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

const char *tune_name(enum knob knob)
{
	return names[knob];
}

const char *tune_default(enum knob knob)
{
	return defaults[knob];
}

int tune_get(enum knob knob, char value[KNOB_TEXT], struct error *err)
{
	char text[64], *open, *close;
	int r = ksm_sysfs_text(names[knob], text, sizeof(text));

	if (r == -ENOENT)
		return err_set(err, ENOENT, "this kernel has no " SYSFS "%s", names[knob]);
	if (r < 0)
		return err_errno(err, -r, SYSFS "%s", names[knob]);
	/* of several words the one in brackets is chosen */
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		memmove(text, open + 1, strlen(open + 1) + 1);
	}
	if (strlen(text) >= KNOB_TEXT || strpbrk(text, " \t") || !*text)
		return err_set(err, EINVAL, SYSFS "%s: not understood", names[knob]);
	memcpy(value, text, strlen(text) + 1);
	return 0;
}

int tune_put(enum knob knob, const char *value, struct error *err)
{
	char path[64];
	__cleanup(close_fd) int fd = -1;
	int r;

	snprintf(path, sizeof(path), SYSFS "%s", names[knob]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	r = write_all(fd, value, strlen(value));
	return r < 0 ? err_errno(err, -r, "writing %s to %s", value, path) : 0;
}

/* Of a file that is root's alone: anybody may lock what he can read. */
static int lock(int dir, struct error *err)
{
	int fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	/* held until the process ends */
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_errno(err, errno, DIRECTORY "/" LOCK);
	return 0;
}

int tune_open_dir(bool change, struct error *err)
{
	__cleanup(close_fd) int fd = -1;
	int r;

	if (change && mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, DIRECTORY);
	fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(err, errno, DIRECTORY);
	r = change ? lock(fd, err) : 0;
	return r < 0 ? r : steal_fd(&fd);
}

static int parse_line(struct tuning *t, char *line)
{
	char *save = NULL, *name = strtok_r(line, " ", &save);
	char *found = strtok_r(NULL, " ", &save), *set = strtok_r(NULL, " ", &save);

	if (!name || !found)
		return -EINVAL;
	if (strcmp(name, "profile") == 0) {
		t->profile = tune_profile(found);
		return t->profile ? 0 : -EINVAL;
	}
	for (int k = 0; k < KNOBS; k++) {
		struct knob_value *v = &t->knob[k];

		if (strcmp(name, names[k]) != 0)
			continue;
		if (!set || strlen(found) >= KNOB_TEXT || strlen(set) >= KNOB_TEXT)
			return -EINVAL;
		v->there = true;
		memcpy(v->found, found, strlen(found) + 1);
		memcpy(v->set, set, strlen(set) + 1);
		return 0;
	}
	return -EINVAL;
}

int tune_load(int dir, struct tuning *t, struct error *err)
{
	__cleanup(close_fd) int fd =
		openat(dir, STATE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	char text[STATE_MAX + 1], *save = NULL;
	ssize_t n;
	int r = 0;

	*t = (struct tuning){ 0 };
	if (fd < 0)
		return err_errno(err, errno, DIRECTORY "/" STATE);
	n = read_all(fd, text, STATE_MAX, 0);
	if (n < 0)
		return err_errno(err, (int)-n, DIRECTORY "/" STATE);
	for (char *line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = parse_line(t, line);
	if (r < 0 || !t->profile || !t->knob[KNOB_RUN].there || !t->knob[KNOB_PAGES].there)
		return err_set(err, EINVAL,
			       DIRECTORY "/" STATE " is not what this version of ksm-hook "
					 "wrote; set ksmd by hand and remove it");
	return 0;
}

int tune_save(int dir, const struct tuning *t, struct error *err)
{
	__cleanup(close_fd) int fd = -1;
	char text[STATE_MAX];
	int r, n = snprintf(text, sizeof(text), "profile %s\n", t->profile->name);

	for (int k = 0; k < KNOBS; k++) {
		if (t->knob[k].there)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %s %s\n",
				      names[k], t->knob[k].found, t->knob[k].set);
	}
	fd = openat(dir, STATE_NEW,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return err_errno(err, errno, DIRECTORY "/" STATE_NEW);
	r = write_all(fd, text, (size_t)n);
	if (r == 0 && renameat(dir, STATE_NEW, dir, STATE) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, STATE_NEW, 0);
	return r < 0 ? err_errno(err, -r, DIRECTORY "/" STATE) : 0;
}

int tune_forget(int dir, struct error *err)
{
	if (unlinkat(dir, STATE, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, DIRECTORY "/" STATE);
	return 0;
}

static int parse_setting(const struct knob_value *v, int64_t *out)
{
	return parse_int(v->set, strlen(v->set), 0, INT64_MAX, out);
}

bool ksmd_enabled_rate(int64_t *pages_to_scan, int64_t *sleep_ms)
{
	struct error err;
	__cleanup(close_fd) int dir = tune_open_dir(false, &err);
	struct tuning t;

	return dir >= 0 && tune_load(dir, &t, &err) == 0 &&
	       parse_setting(&t.knob[KNOB_PAGES], pages_to_scan) == 0 &&
	       parse_setting(&t.knob[KNOB_SLEEP], sleep_ms) == 0;
}
