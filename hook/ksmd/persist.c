/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enable over boots: the package's systemd unit, switched on as `systemctl enable` does, by a
 * link. systemd need not be running.
 */
#include "ksmd/persist.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "base/macros.h"

#define UNIT   "ksm-hook-ksmd@"
#define SUFFIX ".service"
#define WANTS  "/etc/systemd/system/multi-user.target.wants"

/* In systemd's own order (systemd.unit(5)), as far as a package or an administrator uses it. */
static const char *const unit_dirs[] = {
	"/etc/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
};

static bool parse_unit_name(const char *name, char profile[PROFILE_TEXT])
{
	size_t prefix = strlen(UNIT), suffix = strlen(SUFFIX), len = strlen(name);

	if (len <= prefix + suffix || len - prefix - suffix >= PROFILE_TEXT ||
	    strncmp(name, UNIT, prefix) != 0 || strcmp(name + len - suffix, SUFFIX) != 0)
		return false;
	memcpy(profile, name + prefix, len - prefix - suffix);
	profile[len - prefix - suffix] = '\0';
	return true;
}

static int take_profile(int dirfd, const char *name, void *profile)
{
	(void)dirfd;
	return parse_unit_name(name, profile);
}

void enabled_at_boot(char profile[PROFILE_TEXT])
{
	profile[0] = '\0';
	(void)dir_for_each_of(WANTS, take_profile, profile);
}

static int find_ksmd_unit(char *path, size_t size, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_dirs); i++) {
		snprintf(path, size, "%s/" UNIT SUFFIX, unit_dirs[i]);
		if (access(path, F_OK) == 0)
			return 0;
	}
	return err_set(err, ENOENT,
		       "--persist needs the systemd unit " UNIT SUFFIX
		       " of the package, and it is in none of systemd's directories; without "
		       "systemd, have `ksm-hook enable` run at each boot");
}

static int make_unit_dir(const char *path, struct error *err)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? err_errno(err, errno, "%s", path) : 0;
}

static int add_boot_link(const char *profile, struct error *err)
{
	char unit[PATH_MAX], path[PATH_MAX];
	int r = find_ksmd_unit(unit, sizeof(unit), err);

	if (r == 0)
		r = make_unit_dir("/etc/systemd", err);
	if (r == 0)
		r = make_unit_dir("/etc/systemd/system", err);
	if (r == 0)
		r = make_unit_dir(WANTS, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), WANTS "/" UNIT "%s" SUFFIX, profile);
	if (symlink(unit, path) < 0 && errno != EEXIST)
		return err_errno(err, errno, "%s", path);
	return 0;
}

struct boot_link {
	const char *profile; /* whose is kept */
	struct error *err;
	int ret;
};

static int remove_other_boot_link(int dirfd, const char *name, void *arg)
{
	struct boot_link *kept = arg;
	char profile[PROFILE_TEXT];

	if (!parse_unit_name(name, profile) || strcmp(profile, kept->profile) == 0)
		return 0;
	if (unlinkat(dirfd, name, 0) < 0)
		kept->ret = err_errno(kept->err, errno, WANTS "/%s", name);
	return kept->ret;
}

/* Where there is no such directory, there are no links. */
static int remove_other_boot_links(const char *profile, struct error *err)
{
	struct boot_link kept = { profile, err, 0 };

	(void)dir_for_each_of(WANTS, remove_other_boot_link, &kept);
	return kept.ret;
}

int enable_at_boot(const char *profile, struct error *err)
{
	int r = *profile ? add_boot_link(profile, err) : 0;

	return r < 0 ? r : remove_other_boot_links(profile, err);
}
