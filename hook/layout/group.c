/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets of the groups that share a layout, and who is a member: a file for each group
 * in /run/ksm-hook/groups, which is root's alone. Whoever reads or writes one holds the
 * directory's lock, and a file is replaced, never changed.
 */
#include "layout/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

#define LOCK_TIMEOUT_MS 1000
#define MEMBERS_MAX     4096
#define FILE_MAX        (1u << 20)
/* From config.json to a process of the container: a runtime gives up long before that. */
#define PENDING_MS 60000

struct member {
	char id[256]; /* as a file name */
	pid_t pid;
	uint64_t start;  /* of pid */
	int64_t pending; /* without a pid: until then, whether there is a process or not */
};

struct record {
	struct group_secrets group;
	struct member *member;
	size_t n;
};

static void free_record(const struct record *r)
{
	free(r->member);
}

/*
 * A text as the name of a file: letters, digits, "-" and "_" stand for themselves, all else
 * is %XX, so that no two texts have one name.
 */
static int encode(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '_' ||
			     (*p == '.' && n > 0);

		if (n + 4 > size)
			return -ENAMETOOLONG;
		n += (size_t)sprintf(out + n, plain ? "%c" : "%%%02X", *p);
	}
	out[n] = '\0';
	return n ? 0 : -EINVAL;
}

static void decode(const char *name, char *out, size_t size)
{
	size_t n = 0;

	for (; *name && n + 1 < size; name++) {
		unsigned c;

		if (*name == '%' && sscanf(name + 1, "%2X", &c) == 1) {
			out[n++] = (char)c;
			name += 2;
		} else {
			out[n++] = *name;
		}
	}
	out[n] = '\0';
}

/* A directory below dir that nobody else can write to. */
static int enter_directory(int dir, const char *name, mode_t mode, bool make)
{
	struct stat st;
	int fd;

	if (make && mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & ~mode & 07777)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* The directory with the groups of owner, locked until it is closed. */
static int open_groups(unsigned owner, bool make, struct error *err)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	char base[40] = "/run";
	__cleanup(close_fd) int run = -1, ours = -1;
	int64_t deadline = now_ms() + LOCK_TIMEOUT_MS;
	int fd;

	if (owner)
		snprintf(base, sizeof(base), "/run/user/%u", owner);
	run = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ours = run < 0 ? -errno : enter_directory(run, "ksm-hook", owner ? 0700 : 0755, make);
	fd = ours < 0 ? ours : enter_directory(ours, "groups", 0700, make);
	if (fd < 0)
		return err_errno(err, -fd, "%s/ksm-hook/groups", base);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || now_ms() >= deadline) {
			close(fd);
			return err_set(err, EBUSY, "%s/ksm-hook/groups stays locked", base);
		}
		nanosleep(&nap, NULL);
	}
	return fd;
}

struct process_search {
	const char *encoded;
	pid_t found;
};

static int stop_at_member(pid_t pid, void *arg)
{
	struct process_search *s = arg;
	struct container_name c;
	char name[256];

	if (!container_of(pid, &c) || encode(c.id, name, sizeof(name)) < 0 ||
	    strcmp(name, s->encoded) != 0)
		return 0;
	s->found = pid;
	return 1;
}

/* The process that a container was started with, by its cgroup; 0 where there is none. */
static pid_t find_process(const char *encoded)
{
	struct process_search s = { .encoded = encoded };

	(void)proc_for_each(stop_at_member, &s);
	return s.found;
}

static bool is_there(struct member *m)
{
	struct proc_stat st;

	if (m->pid == 0 && now_ms() < m->pending)
		return true;
	if (m->pid == 0) {
		m->pid = find_process(m->id);
		if (m->pid && proc_stat(m->pid, &st) == 0)
			m->start = st.start;
	}
	return m->pid && proc_stat(m->pid, &st) == 0 && st.start == m->start &&
	       st.state != 'Z' && st.state != 'X';
}

/* Room for one more. */
static struct member *add(struct record *r)
{
	struct member *more;

	if (r->n == MEMBERS_MAX)
		return NULL;
	more = realloc(r->member, (r->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->member = more;
	more[r->n] = (struct member){ 0 };
	return &more[r->n++];
}

/* 0, -ENOENT, or -EBADMSG for what we have not written. */
static int read_record(int dir, const char *name, struct record *r)
{
	char *text = malloc(FILE_MAX + 1), *line, *rest;
	struct error ignored;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = read_regular_file(dir, name, FILE_TRUSTED, text, FILE_MAX, &ignored);
	if (n == -ENOENT) {
		free(text);
		return -ENOENT;
	}
	line = n > 0 ? strtok_r(text, "\n", &rest) : NULL;
	if (!line || sscanf(line, "%" SCNu64 " %" SCNu32 " %32[0-9a-f]", &r->group.stack,
			    &r->group.python, r->group.perl) != 3) {
		free(text);
		return -EBADMSG;
	}
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
		struct member *m = add(r);

		if (!m || sscanf(line, "%255s %d %" SCNu64 " %" SCNd64, m->id, &m->pid,
				 &m->start, &m->pending) != 4) {
			free(text);
			return -EBADMSG;
		}
	}
	free(text);
	return 0;
}

static int write_record(int dir, const char *name, const struct record *r)
{
	struct error ignored;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int ret;

	if (!f)
		return -ENOMEM;
	fprintf(f, "%" PRIu64 " %" PRIu32 " %s\n", r->group.stack, r->group.python,
		r->group.perl);
	for (size_t i = 0; i < r->n; i++)
		fprintf(f, "%s %d %" PRIu64 " %" PRId64 "\n", r->member[i].id, r->member[i].pid,
			r->member[i].start, r->member[i].pending);
	ret = fclose(f) == 0 ? 0 : -ENOMEM;
	if (ret == 0)
		ret = replace_file(dir, name, text, size, 0600, &ignored);
	free(text);
	return ret;
}

/*
 * Is this the member id? At precreate an engine's id may not be known but for its first
 * twelve digits, which podman and Docker make the container's host name.
 */
static bool is_id(const struct member *m, const char *id)
{
	return strcmp(m->id, id) == 0 || (m->pid == 0 && strlen(m->id) == 12 &&
					  strlen(id) == 64 && strncmp(m->id, id, 12) == 0);
}

/* Leave out who has ended, and id. True when anybody was left out. */
static bool prune(struct record *r, const char *id)
{
	size_t kept = 0, before = r->n;

	for (size_t i = 0; i < before; i++) {
		if ((!id || !is_id(&r->member[i], id)) && is_there(&r->member[i]))
			r->member[kept++] = r->member[i];
	}
	r->n = kept;
	return kept < before;
}

static int put(int dir, const char *name, const struct record *r)
{
	if (r->n == 0)
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	return write_record(dir, name, r);
}

/* Every group but one: who has ended goes, and so does id. */
static void prune_others(int dir, const char *but, const char *id)
{
	DIR *d = fdopendir(dup(dir));
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		struct record r __cleanup(free_record) = { 0 };

		/* the lock is ours: a temporary file was left by somebody who was killed */
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dir, e->d_name, 0);
		if (e->d_name[0] == '.' || (but && strcmp(e->d_name, but) == 0))
			continue;
		if (read_record(dir, e->d_name, &r) == -EBADMSG)
			r.n = 0; /* nobody can be a member of what cannot be read */
		else if (!prune(&r, id) && r.n)
			continue;
		(void)put(dir, e->d_name, &r);
	}
	if (d)
		closedir(d);
}

static int make_secrets(struct group_secrets *g)
{
	struct {
		uint32_t stack, python;
		unsigned char perl[16];
	} random;

	do {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -EIO;
	} while (random.python == 0);
	g->stack = GROUP_STACK_MIN +
		   (uint64_t)(random.stack & ((1u << GROUP_BITS) - 1)) * GROUP_PAGE;
	g->python = random.python;
	for (size_t i = 0; i < sizeof(random.perl); i++)
		sprintf(g->perl + 2 * i, "%02x", random.perl[i]);
	explicit_bzero(&random, sizeof(random));
	return 0;
}

int group_join(unsigned owner, const char *name, const char *id, pid_t pid,
	       struct group_secrets *out, struct error *err)
{
	struct record r __cleanup(free_record) = { 0 };
	char file[NAME_MAX + 1], member[256];
	__cleanup(close_fd) int dir = -1;
	struct proc_stat st = { 0 };
	struct member *m;
	int ret;

	if (encode(name, file, sizeof(file)) < 0 || encode(id, member, sizeof(member)) < 0)
		return err_set(err, ENAMETOOLONG, "the name of the group or the container");
	if (pid && proc_stat(pid, &st) < 0)
		return err_set(err, ESRCH, "there is no process %d", pid);
	dir = open_groups(owner, true, err);
	if (dir < 0)
		return dir;
	prune_others(dir, file, member);
	ret = read_record(dir, file, &r);
	if (ret == 0)
		prune(&r, member);
	else
		ret = make_secrets(&r.group);
	m = ret == 0 ? add(&r) : NULL;
	if (ret == 0 && !m)
		ret = -E2BIG;
	if (m) {
		*m = (struct member){ .pid = pid, .start = st.start };
		m->pending = pid ? 0 : now_ms() + PENDING_MS;
		memcpy(m->id, member, sizeof(member));
		ret = write_record(dir, file, &r);
	}
	if (ret < 0)
		return err_errno(err, -ret, "the group's secrets");
	*out = r.group;
	return 0;
}

int group_leave(unsigned owner, const char *id, struct error *err)
{
	__cleanup(close_fd) int dir = -1;
	char member[256];

	if (encode(id, member, sizeof(member)) < 0)
		return err_set(err, ENAMETOOLONG, "the name of the container");
	dir = open_groups(owner, false, err);
	if (dir < 0)
		return dir;
	prune_others(dir, NULL, member);
	return 0;
}

static int find_member(int dir, const char *file, const char *member, struct group_secrets *out)
{
	struct record r __cleanup(free_record) = { 0 };

	if (read_record(dir, file, &r) < 0)
		return -ENOENT;
	for (size_t i = 0; i < r.n; i++) {
		if (strcmp(r.member[i].id, member) == 0) {
			*out = r.group;
			return 0;
		}
	}
	return -ENOENT;
}

int group_of_member(unsigned owner, const char *id, char *name, size_t size,
		    struct group_secrets *out)
{
	__cleanup(close_fd) int dir = -1;
	int ret = -ENOENT;
	struct error err;
	struct dirent *e;
	char member[256];
	DIR *d;

	if (encode(id, member, sizeof(member)) < 0)
		return -ENOENT;
	dir = open_groups(owner, false, &err);
	if (dir < 0)
		return -ENOENT;
	d = fdopendir(dup(dir));
	while (d && ret < 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		ret = find_member(dir, e->d_name, member, out);
		if (ret == 0 && name)
			decode(e->d_name, name, size);
	}
	if (d)
		closedir(d);
	return ret;
}
