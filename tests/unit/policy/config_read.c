/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and conf.d: which files are read, in which order, and which are not to be trusted. */
#include "policy/config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"
#include "policy/rule_fit.h"

static struct config_files read_files;
static struct policy_config config;
static struct error err;

static char dir[] = "/tmp/ksm-hook-unit.XXXXXX";
static char path[64];

/* the length of config.json, or -errno */
static ssize_t config_read(const char *name)
{
	int r = config_files_read(name, &read_files, NULL, NULL, &err);

	return r < 0 ? r : read_files.n ? (ssize_t)read_files.file[0].len : 0;
}

static void write_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_all(fd, text, len) == 0 && fchmod(fd, mode) == 0);
	close(fd);
}

static void files(void)
{
	static const mode_t loose[] = { 0664, 0646, 0666, 0620, 0602, 0777 };
	char target[80], *long_text = calloc(1, CONFIG_MAX + 1);

	memset(long_text, ' ', CONFIG_MAX + 1);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	/* one that was named, and is not there; the usual one need not be */
	CHECK_INT(config_read(path), -ENOENT);
	CHECK_INT(err.reason, REASON_CONFIG_UNREADABLE);
	CHECK_HAS(err.msg, "/config.json: there is no such file; without --config");
	write_file("", 0, 0644);
	CHECK_INT(config_read(path), 0);
	write_file("{}\n", 3, 0644);
	CHECK_INT(config_read(path), 3);
	CHECK_TEXT(read_files.text, "{}\n");
	for (size_t i = 0; i < ARRAY_SIZE(loose); i++) {
		write_file("{}\n", 3, loose[i]);
		CHECK_INT(config_read(path), -EPERM);
		CHECK_HAS(err.msg, path);
		CHECK_HAS(err.msg, "chown root:root and chmod 644");
	}
	write_file("{}\n", 3, 0600);
	CHECK_INT(config_read(path), 3);
	if (geteuid() == 0) {
		CHECK(chown(path, 65534, 0) == 0);
		CHECK_INT(config_read(path), -EPERM);
		CHECK(chown(path, 0, 65534) == 0); /* a group that may only read is fine */
		CHECK_INT(config_read(path), 3);
	}
	write_file(long_text, CONFIG_MAX, 0644);
	CHECK_INT(config_read(path), CONFIG_MAX);
	write_file(long_text, CONFIG_MAX + 1, 0644);
	CHECK_INT(config_read(path), -EFBIG);
	CHECK_HAS(err.msg, "longer than 65536 bytes");
	free(long_text);

	/* a symlink is followed, to a file that passes or does not */
	write_file("{}\n", 3, 0644);
	snprintf(target, sizeof(target), "%s/real", dir);
	CHECK(rename(path, target) == 0 && symlink("real", path) == 0);
	CHECK_INT(config_read(path), 3);
	CHECK(chmod(target, 0666) == 0);
	CHECK_INT(config_read(path), -EPERM);
	CHECK(unlink(target) == 0);
	CHECK_INT(config_read(path), -ENOENT);
	CHECK_INT(err.reason, REASON_CONFIG_UNREADABLE);
	CHECK_HAS(err.msg, "/config.json: a link that leads nowhere");
	CHECK(unlink(path) == 0 && symlink("config.json", path) == 0);
	CHECK_INT(config_read(path), -ELOOP);

	/* nothing that could block, and nothing that reads like a file but is none */
	CHECK(unlink(path) == 0 && mkfifo(path, 0644) == 0);
	CHECK_INT(config_read(path), -EINVAL);
	CHECK_HAS(err.msg, "not a regular file");
	CHECK(unlink(path) == 0 && mkdir(path, 0755) == 0);
	CHECK_INT(config_read(path), -EINVAL);
	CHECK(rmdir(path) == 0);
	CHECK_INT(config_read("/dev/zero"), -EINVAL);
	CHECK_INT(config_read("/dev/null/config.json"), -ENOTDIR);
}

static char conf_d[64];

static void drop(const char *name, const char *text, mode_t mode)
{
	char file[200];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", conf_d, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write_all(fd, text, strlen(text)) == 0 && fchmod(fd, mode) == 0);
	close(fd);
}

static void take_away(const char *name)
{
	char file[200];

	snprintf(file, sizeof(file), "%s/%s", conf_d, name);
	CHECK(unlink(file) == 0);
}

static int parse_files(void)
{
	int r = config_files_read(path, &read_files, NULL, NULL, &err);

	json_release();
	return r < 0 ? r : config_files_parse(&read_files, &config, NULL, NULL, &err);
}

static void directory(void)
{
	static const mode_t loose[] = { 0775, 0757, 0777 };
	char name[128], *long_text = malloc(CONFIG_MAX + 1);

	snprintf(conf_d, sizeof(conf_d), "%s/conf.d", dir);
	CHECK(mkdir(conf_d, 0755) == 0);
	write_file("", 0, 0644);
	CHECK_INT(parse_files(), 0);
	CHECK_INT(read_files.n, 1);
	drop("50-b.json", "{\"deny\": [{\"pod\": \"b\"}], \"log\": \"debug\"}", 0644);
	drop("10-a.json", "{\"deny\": [{\"pod\": \"a\"}], \"log\": \"info\"}", 0644);
	drop(".50-b.json.swp", "no", 0666);
	drop(".hidden.json", "no", 0666);
	drop("README", "no", 0666);
	CHECK_INT(parse_files(), 0);
	CHECK_INT(read_files.n, 3);
	CHECK_INT(config.deny.n, 2);
	CHECK_TEXT(config.deny.rule[0].glob[TRUSTED_POD], "a");
	CHECK_TEXT(policy_rule_file(&config.deny.rule[1]), "conf.d/50-b.json");
	CHECK_INT(config.log, LOG_LEVEL_DEBUG);
	write_file("{\"deny\": [{\"pod\": \"0\"}]}", 24, 0644);
	CHECK_INT(parse_files(), 0);
	CHECK_INT(config.deny.n, 3);
	CHECK_TEXT(config.deny.rule[0].glob[TRUSTED_POD], "0");
	CHECK_TEXT(policy_rule_file(&config.deny.rule[0]), "config.json");

	/* whoever only observes wants to see it, unless he says otherwise */
	CHECK(config.log_given);
	drop("50-b.json", "{}", 0644);
	drop("10-a.json", "{\"mode\": \"observe\"}", 0644);
	CHECK_INT(parse_files(), 0);
	CHECK(config.observe && config.log_given);
	CHECK_INT(config.log, LOG_LEVEL_INFO);
	drop("10-a.json", "{\"mode\": \"observe\", \"log\": \"debug\"}", 0644);
	CHECK_INT(parse_files(), 0);
	CHECK_INT(config.log, LOG_LEVEL_DEBUG);
	drop("10-a.json", "{\"mode\": \"enforce\"}", 0644);
	CHECK_INT(parse_files(), 0);
	CHECK(!config.observe && !config.log_given);

	/* one that is wrong takes all with it, whatever the others say */
	drop("30-x.json", "{\"containers\": \"all\", \"deny\": [{]}", 0644);
	CHECK_INT(parse_files(), -EINVAL);
	CHECK_INT(err.reason, REASON_CONFIG_INVALID);
	CHECK_HAS(err.msg, "conf.d/30-x.json:1:");
	CHECK_INT(config.containers, CONTAINERS_ANNOTATED);
	CHECK_INT(config.deny.n, 0);
	/* and so does one that others can write, or a link that leads nowhere */
	drop("30-x.json", "{}", 0666);
	CHECK_INT(parse_files(), -EPERM);
	CHECK_INT(err.reason, REASON_CONFIG_UNTRUSTED);
	CHECK_HAS(err.msg, "30-x.json: must belong to root");
	take_away("30-x.json");
	snprintf(name, sizeof(name), "%s/30-x.json", conf_d);
	CHECK(symlink("/nowhere", name) == 0);
	CHECK_INT(parse_files(), -ENOENT);
	CHECK_INT(err.reason, REASON_CONFIG_UNREADABLE);
	CHECK_HAS(err.msg, "conf.d/30-x.json: a link that leads nowhere");
	take_away("30-x.json");
	CHECK(chmod(conf_d, 0777) == 0);
	CHECK_INT(parse_files(), -EPERM);
	CHECK_INT(err.reason, REASON_CONFIG_UNTRUSTED);
	CHECK(chmod(conf_d, 0755) == 0);
	CHECK_INT(parse_files(), 0);
	/* whoever takes a file away takes its rules away, and conf.d is in a directory as well */
	for (size_t i = 0; i < ARRAY_SIZE(loose); i++) {
		CHECK(chmod(dir, loose[i]) == 0);
		CHECK_INT(parse_files(), -EPERM);
		CHECK_INT(err.reason, REASON_CONFIG_UNTRUSTED);
		CHECK_HAS(err.msg, "/: must belong to root and be writable by nobody else");
	}
	CHECK(chmod(dir, 01777) == 0);
	CHECK_INT(parse_files(), 0);
	CHECK(chmod(dir, 0755) == 0);
	CHECK_INT(parse_files(), 0);

	/* as much as fits, and not a byte more */
	memset(long_text, ' ', CONFIG_MAX);
	long_text[CONFIG_MAX] = '\0';
	memcpy(long_text, "{}", 2);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "9%d.json", i);
		drop(name, long_text, 0644);
	}
	CHECK_INT(parse_files(), 0);
	drop("93.json", long_text, 0644);
	CHECK(parse_files() < 0);
	CHECK_HAS(err.msg, "93.json: ");
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "9%d.json", i);
		take_away(name);
	}
	for (int i = 0; i < CONFIG_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "m%02d.json", i);
		drop(name, "{}", 0644);
	}
	CHECK_INT(parse_files(), -E2BIG);
	CHECK_HAS(err.msg, "more than 64 files");
	for (int i = 0; i < CONFIG_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "m%02d.json", i);
		take_away(name);
	}
	take_away("50-b.json");
	take_away("10-a.json");
	take_away(".50-b.json.swp");
	take_away(".hidden.json");
	take_away("README");
	CHECK(rmdir(conf_d) == 0);
	CHECK_INT(parse_files(), 0);
	CHECK(symlink("nowhere", conf_d) == 0);
	CHECK_INT(parse_files(), -ENOENT);
	CHECK_INT(err.reason, REASON_CONFIG_UNREADABLE);
	CHECK_HAS(err.msg, "/conf.d: a link that leads nowhere");
	CHECK(unlink(conf_d) == 0);
	/* what is none is an error too: somebody meant something by it */
	CHECK(symlink("/dev/null", conf_d) == 0);
	CHECK_INT(parse_files(), -ENOTDIR);
	CHECK(unlink(conf_d) == 0 && unlink(path) == 0 && rmdir(dir) == 0);
	free(long_text);
}

int main(void)
{
	RUN(files);
	RUN(directory);
	return check_end();
}
