/* SPDX-License-Identifier: Apache-2.0 */
/* ksmd's settings: reading and writing them, remembering what was found. */
#include "ksmd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#define STATE_MAX 2048
#define LOCK      "ksmd.lock"

static const char *const setting_names[SETTINGS] = {
	[SETTING_ADVISOR] = "advisor_mode",      [SETTING_SMART_SCAN] = "smart_scan",
	[SETTING_ZERO_PAGES] = "use_zero_pages", [SETTING_SLEEP] = "sleep_millisecs",
	[SETTING_PAGES] = "pages_to_scan",       [SETTING_RUN] = "run",
};

/* mm/ksm.c; ksmd itself is off */
static const char *const defaults[SETTINGS] = {
	[SETTING_ADVISOR] = "none", [SETTING_SMART_SCAN] = "1", [SETTING_ZERO_PAGES] = "0",
	[SETTING_SLEEP] = "20",     [SETTING_PAGES] = "100",    [SETTING_RUN] = "0",
};

const char *setting_name(enum ksmd_setting setting)
{
	return setting_names[setting];
}

const char *setting_default(enum ksmd_setting setting)
{
	return defaults[setting];
}

int setting_read(enum ksmd_setting setting, char value[SETTING_TEXT], struct error *err)
{
	char text[64], *open, *close;
	int r = ksm_sysfs_text(setting_names[setting], text, sizeof(text));

	if (r == -ENOENT)
		return err_set(err, ENOENT, "this kernel has no " SYSFS "%s",
			       setting_names[setting]);
	if (r < 0)
		return err_errno(err, -r, SYSFS "%s", setting_names[setting]);
	/* of several words the one in brackets is chosen */
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		memmove(text, open + 1, strlen(open + 1) + 1);
	}
	if (strlen(text) >= SETTING_TEXT || strpbrk(text, " \t") || !*text)
		return err_set(err, EINVAL, SYSFS "%s: not understood", setting_names[setting]);
	memcpy(value, text, strlen(text) + 1);
	return 0;
}

int setting_write(enum ksmd_setting setting, const char *value, struct error *err)
{
	char path[64];
	__cleanup(close_fd) int fd = -1;
	int r;

	snprintf(path, sizeof(path), SYSFS "%s", setting_names[setting]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	r = write_all(fd, value, strlen(value));
	return r < 0 ? err_errno(err, -r, "writing %s to %s", value, path) : 0;
}

/* Of a file that is root's alone: anybody may lock what he can read. */
static int lock_state(int dir, struct error *err)
{
	int fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	/* held until the process ends */
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_errno(err, errno, DIRECTORY "/" LOCK);
	return 0;
}

int ksmd_state_open(bool change, struct error *err)
{
	__cleanup(close_fd) int fd = -1;
	int r;

	if (change && mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, DIRECTORY);
	fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(err, errno, DIRECTORY);
	r = change ? lock_state(fd, err) : 0;
	return r < 0 ? r : steal_fd(&fd);
}

/* One line for each. */
static int parse_owner(struct ksmd_enabled *t, const char *kind, const char *pid,
		       const char *start)
{
	int64_t number, ticks;

	if (strcmp(kind, "agent") != 0 || t->agents == KSMD_AGENTS_MAX || !pid ||
	    parse_int(pid, strlen(pid), 1, INT_MAX, &number) < 0 || !start ||
	    parse_int(start, strlen(start), 0, INT64_MAX, &ticks) < 0)
		return -EINVAL;
	t->agent[t->agents++] = (struct ksmd_agent){ (pid_t)number, (uint64_t)ticks };
	return 0;
}

static int parse_state_line(struct ksmd_enabled *t, char *line)
{
	char *save = NULL, *name = strtok_r(line, " ", &save);
	char *found = strtok_r(NULL, " ", &save), *set = strtok_r(NULL, " ", &save);

	if (!name || !found)
		return -EINVAL;
	if (strcmp(name, "profile") == 0) {
		t->profile = ksmd_profile_find(found);
		return t->profile ? 0 : -EINVAL;
	}
	if (strcmp(name, "owner") == 0)
		return parse_owner(t, found, set, strtok_r(NULL, " ", &save));
	for (int k = 0; k < SETTINGS; k++) {
		struct setting_value *v = &t->setting[k];

		if (strcmp(name, setting_names[k]) != 0)
			continue;
		if (!set || strlen(found) >= SETTING_TEXT || strlen(set) >= SETTING_TEXT)
			return -EINVAL;
		v->there = true;
		memcpy(v->found, found, strlen(found) + 1);
		memcpy(v->set, set, strlen(set) + 1);
		return 0;
	}
	return -EINVAL;
}

int ksmd_state_load(int dir, struct ksmd_enabled *t, struct error *err)
{
	char text[STATE_MAX + 1], *save = NULL;
	ssize_t n;
	int r = 0;

	*t = (struct ksmd_enabled){ 0 };
	n = read_regular_file(dir, STATE, FILE_TRUSTED, text, STATE_MAX, err);
	if (n < 0)
		return err_wrap(err, (int)n, DIRECTORY);
	for (char *line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = parse_state_line(t, line);
	if (r < 0 || !t->profile || !t->setting[SETTING_RUN].there ||
	    !t->setting[SETTING_PAGES].there)
		return err_set(err, EINVAL,
			       DIRECTORY "/" STATE " is not what this version of ksm-hook "
					 "wrote; set ksmd by hand and remove it");
	return 0;
}

int ksmd_state_save(int dir, const struct ksmd_enabled *t, struct error *err)
{
	char text[STATE_MAX];
	int r, n = snprintf(text, sizeof(text), "profile %s\n", t->profile->name);

	for (size_t i = 0; i < t->agents; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "owner agent %d %llu\n",
			      t->agent[i].pid, (unsigned long long)t->agent[i].start);
	for (int k = 0; k < SETTINGS; k++) {
		if (t->setting[k].there)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %s %s\n",
				      setting_names[k], t->setting[k].found, t->setting[k].set);
	}
	r = replace_file(dir, STATE, text, (size_t)n, 0600, err);
	return r < 0 ? err_wrap(err, r, DIRECTORY) : 0;
}

int ksmd_state_remove(int dir, struct error *err)
{
	if (unlinkat(dir, STATE, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, DIRECTORY "/" STATE);
	return 0;
}
