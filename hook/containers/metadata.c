/* SPDX-License-Identifier: Apache-2.0 */
/* What cgroups do not say of a container: its pod, name and image, stored when it starts. */
#include "containers/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "kernel/proc.h"

#define PARENT "/run/ksm-hook"

/* How often a start removes what a hook that was never called has left. */
#define COLLECT_SECONDS 600
/* Metadata without an init may be of a container that is just being created. */
#define YOUNG_SECONDS 60

/* In one file: a line "key value" each. */
static const struct field {
	const char *key;
	size_t offset, size;
} fields[METADATA_FIELDS] = {
	{ "pod", offsetof(struct metadata, pod), sizeof(((struct metadata *)0)->pod) },
	{ "namespace", offsetof(struct metadata, pod_namespace),
	  sizeof(((struct metadata *)0)->pod_namespace) },
	{ "container", offsetof(struct metadata, container),
	  sizeof(((struct metadata *)0)->container) },
	{ "image", offsetof(struct metadata, image), sizeof(((struct metadata *)0)->image) },
};

static bool is_clean(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@+-";

	for (size_t i = 0; i < len; i++) {
		if (!text[i] || !strchr(letters, text[i]))
			return false;
	}
	return len > 0;
}

static void set_field(struct metadata *m, const struct field *f, const char *value, size_t len)
{
	char *to = (char *)m + f->offset;

	if (len >= f->size)
		return;
	memcpy(to, value, len);
	to[len] = '\0';
}

static void set_clean_field(struct metadata *m, const struct field *f, const char *value,
			    size_t len)
{
	if (is_clean(value, len))
		set_field(m, f, value, len);
}

const char *metadata_label(const struct metadata *m, char *out, size_t size)
{
	if (m->pod[0])
		snprintf(out, size, "%s/%s/%s", m->pod_namespace, m->pod,
			 m->container[0] ? m->container : "(sandbox)");
	else
		snprintf(out, size, "%s", m->container);
	return out;
}

void metadata_set(struct metadata *m, enum metadata_field field, const char *value, size_t len)
{
	set_clean_field(m, &fields[field], value, len);
}

void metadata_set_raw(struct metadata *m, enum metadata_field field, const char *value)
{
	set_field(m, &fields[field], value, strlen(value));
}

bool metadata_may_name(const char *text, size_t len)
{
	return memmem(text, len, "io.kubernetes.", 14) || memmem(text, len, "nerdctl", 7);
}

void metadata_end(struct metadata *m)
{
	m->no_economy = false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		((char *)m + fields[i].offset)[fields[i].size - 1] = '\0';
}

void metadata_clean(struct metadata *m)
{
	metadata_end(m);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char *text = (char *)m + fields[i].offset;

		if (!is_clean(text, strlen(text)))
			text[0] = '\0';
	}
}

static bool is_metadata_id(const char *id)
{
	return id[0] != '.' && strlen(id) < METADATA_ID_MAX && is_clean(id, strlen(id)) &&
	       !strchr(id, '/');
}

static int open_metadata_dir(void)
{
	__cleanup(close_fd) int fd =
		open(METADATA_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* a directory that others may write to is no source of names */
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || st.st_mode & 022)
		return -EPERM;
	return steal_fd(&fd);
}

int metadata_open(void)
{
	int fd = open_metadata_dir();

	return fd < 0 ? -1 : fd;
}

/* For root only: nobody else may write to /run, and the names are nobody else's business. */
static int make_metadata_dir(void)
{
	int fd = open_metadata_dir();

	if (fd != -ENOENT)
		return fd;
	if ((mkdir(PARENT, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(METADATA_DIR, 0700) < 0 && errno != EEXIST))
		return -errno;
	return open_metadata_dir();
}

/* A line of those that metadata_remove_created() may remove. */
#define CREATED_LINE     "created %.100s\n"
#define CREATED_LINE_MAX 128

/* For who cannot read what a container asked for: the agent of a node. */
#define NO_ECONOMY_LINE "economy off\n"

/* Which process it is about; the length. */
static int format_init(char *out, size_t size, pid_t pid)
{
	struct proc_stat st = { 0 };

	if (pid > 0 && proc_stat(pid, &st) < 0)
		pid = 0;
	return snprintf(out, size, "init %d %llu\n", pid, (unsigned long long)st.start);
}

/* The lines of a file, and "init PID START" in front; the length, or -1 when there is nothing to say. */
static int format_metadata(char *out, size_t size, pid_t pid, const struct metadata *m,
			   const char *more)
{
	int len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = (const char *)m + fields[i].offset;

		if (!is_clean(text, strlen(text)))
			continue;
		if (len == 0)
			len = format_init(out, size, pid);
		len += snprintf(out + len, size - (size_t)len, "%s %s\n", fields[i].key, text);
	}
	if (m->no_economy && len == 0)
		len = format_init(out, size, pid);
	if (m->no_economy)
		len += snprintf(out + len, size - (size_t)len, NO_ECONOMY_LINE);
	if (len == 0)
		return -1;
	return len + snprintf(out + len, size - (size_t)len, "%s", more);
}

static bool init_has_ended(const char *text)
{
	unsigned long long start;
	struct proc_stat st;
	int pid;

	if (sscanf(text, "init %d %llu", &pid, &start) != 2)
		return true;
	/* one that nobody has waited for is there, and has ended */
	return pid > 0 &&
	       (proc_stat(pid, &st) < 0 || st.start != start || strchr("ZX", st.state));
}

static bool has_init(const char *text)
{
	return strncmp(text, "init 0 ", 7) != 0;
}

static ssize_t read_metadata_file(int dir, const char *name, char *text, size_t size)
{
	struct error ignored;

	return read_regular_file(dir, name, FILE_TRUSTED, text, size - 1, &ignored);
}

/* What is of a time to come is old too: the clock was set back since, maybe by years. */
static bool is_older(const struct stat *st, int64_t seconds)
{
	int64_t age = (int64_t)time(NULL) - (int64_t)st->st_mtime;

	return age < 0 || age > seconds;
}

static bool metadata_is_over(int dir, const char *name,
			     bool (*is_running)(const void *arg, const char *id),
			     const void *arg)
{
	char text[1024];
	struct stat st;

	if (!is_metadata_id(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    read_metadata_file(dir, name, text, sizeof(text)) < 0)
		return false;
	if (has_init(text))
		return init_has_ended(text);
	return is_running && is_older(&st, YOUNG_SECONDS) && !is_running(arg, name);
}

static bool runs_not(const void *arg, const char *id)
{
	(void)arg;
	(void)id;
	return false;
}

void metadata_remove_ended(int dir, const char *id)
{
	if (proc_shows_all() && metadata_is_over(dir, id, runs_not, NULL))
		unlinkat(dir, id, 0);
}

static void remove_file(int dir, const char *id)
{
	unlinkat(dir, id, 0);
}

static int remove_if_over(int dir, const char *name, void *arg)
{
	const struct metadata_collector *c = arg;

	if (metadata_is_over(dir, name, c->is_running, c->arg))
		(c->remove ? c->remove : remove_file)(dir, name);
	return 0;
}

void metadata_collect(int dir, const struct metadata_collector *c)
{
	struct metadata_collector copy = *c;

	/* the node's directory in a pod without hostPID: its containers run, and are not seen */
	if (proc_shows_all() && lseek(dir, 0, SEEK_SET) == 0)
		(void)dir_for_each(dir, remove_if_over, &copy);
}

/* At most once in COLLECT_SECONDS, by whichever start comes then. */
static void collect_metadata_if_due(int dir)
{
	static const char stamp[] = ".collected";
	struct stat st;
	int fd;

	if (fstatat(dir, stamp, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_older(&st, COLLECT_SECONDS))
		return;
	fd = openat(dir, stamp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	futimens(fd, NULL);
	close(fd);
	metadata_collect(dir, &(struct metadata_collector){ 0 });
}

static void store_metadata(const char *id, pid_t pid, const struct metadata *m,
			   const char *more)
{
	__cleanup(close_fd) int dir = -1;
	struct error err;
	char text[1024];
	int len;

	if (!is_metadata_id(id) || geteuid() != 0)
		return;
	len = format_metadata(text, sizeof(text), pid, m, more);
	if (len < 0)
		return;
	dir = make_metadata_dir();
	if (dir < 0)
		return log_debug("%s: %s", METADATA_DIR, strerror(-dir));
	if (replace_file(dir, id, text, (size_t)len, 0600, &err) < 0)
		log_debug("%s/%s", METADATA_DIR, err.msg);
	collect_metadata_if_due(dir);
}

void metadata_write(const char *id, pid_t pid, const struct metadata *m)
{
	store_metadata(id, pid, m, "");
}

void metadata_write_created(const char *id, const struct metadata *m, const char *by)
{
	char line[CREATED_LINE_MAX];

	snprintf(line, sizeof(line), CREATED_LINE, by);
	store_metadata(id, 0, m, line);
}

/* line is the whole of one, with the newline before it. */
static bool is_created(int dir, const char *name, const char *line)
{
	char text[1024];

	return is_metadata_id(name) && read_metadata_file(dir, name, text, sizeof(text)) >= 0 &&
	       !has_init(text) && strstr(text, line);
}

struct created {
	char line[CREATED_LINE_MAX];
	bool (*is_there)(const void *arg, const char *id);
	const void *arg;
};

static int remove_if_created(int dir, const char *name, void *arg)
{
	const struct created *c = arg;

	if (is_created(dir, name, c->line) && !c->is_there(c->arg, name))
		unlinkat(dir, name, 0);
	return 0;
}

void metadata_remove_created(const char *by, bool (*is_there)(const void *arg, const char *id),
			     const void *arg)
{
	__cleanup(close_fd) int dir = *by ? open_metadata_dir() : -1;
	struct created c = { .is_there = is_there, .arg = arg };

	if (dir < 0)
		return;
	snprintf(c.line, sizeof(c.line), "\n" CREATED_LINE, by);
	(void)dir_for_each(dir, remove_if_created, &c);
}

void metadata_remove(const char *id)
{
	__cleanup(close_fd) int dir = -1;

	if (!is_metadata_id(id) || geteuid() != 0)
		return;
	dir = open_metadata_dir();
	if (dir >= 0)
		unlinkat(dir, id, 0);
}

bool metadata_read(int dir, const char *id, struct metadata *out)
{
	char text[1024];

	*out = (struct metadata){ 0 };
	if (!is_metadata_id(id) || read_metadata_file(dir, id, text, sizeof(text)) < 0 ||
	    init_has_ended(text))
		return false;
	out->no_economy = strstr(text, "\n" NO_ECONOMY_LINE);
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
			size_t n = strlen(fields[i].key);

			if (strncmp(line, fields[i].key, n) == 0 && line[n] == ' ')
				set_clean_field(out, &fields[i], line + n + 1,
						strlen(line + n + 1));
		}
	}
	return true;
}
