/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the groups: where they are, who may use them, what stands in them. */
#include "layout/group_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"

#define LOCK_TIMEOUT_MS 1000
#define FILE_MAX        (1u << 20)

void group_record_free(const struct group_record *r)
{
	free(r->member);
}

int group_name_encode(const char *text, char *out, size_t size)
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

void group_name_decode(const char *name, char *out, size_t size)
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

int group_directory_open(unsigned owner, bool make, struct error *err)
{
	char base[40] = "/run";
	__cleanup(close_fd) int run = -1, ours = -1;
	int fd;

	if (owner)
		snprintf(base, sizeof(base), "/run/user/%u", owner);
	run = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ours = run < 0 ? -errno : enter_directory(run, "ksm-hook", owner ? 0700 : 0755, make);
	fd = ours < 0 ? ours : enter_directory(ours, "groups", 0700, make);
	if (fd < 0)
		return err_errno(err, -fd, "%s/ksm-hook/groups", base);
	return fd;
}

int group_directory_lock(int dir, struct error *err)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	int64_t deadline = now_ms() + LOCK_TIMEOUT_MS;

	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || now_ms() >= deadline)
			return err_set(err, EBUSY,
				       "the directory of the groups of layouts stays locked");
		nanosleep(&nap, NULL);
	}
	return 0;
}

struct group_member *group_record_add(struct group_record *r)
{
	struct group_member *more;

	if (r->n == GROUP_MEMBERS_MAX)
		return NULL;
	more = realloc(r->member, (r->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->member = more;
	more[r->n] = (struct group_member){ 0 };
	return &more[r->n++];
}

/* Numbers of 20, 10, 32 and 10 digits, and what stands between them. */
#define SECRETS_LINE 80

/* The first line, which ends in a newline; the rest of the text, or NULL where it is none of ours. */
static char *parse_secrets(char *text, struct group_secrets *out)
{
	char *end = memchr(text, '\n', strnlen(text, SECRETS_LINE));

	if (!end)
		return NULL;
	*end = '\0';
	out->v8 = 0;
	/* older versions have three, and read three */
	return sscanf(text, "%" SCNu64 " %" SCNu32 " %32[0-9a-f] %" SCNu32, &out->stack,
		      &out->python, out->perl, &out->v8) >= 3 &&
			       out->v8 <= INT32_MAX ?
		       end + 1 :
		       NULL;
}

int group_file_secrets(int dir, const char *name, struct group_secrets *out)
{
	char head[SECRETS_LINE + 1];
	__cleanup(close_fd) int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !file_is_trusted(&st, FILE_TRUSTED))
		return -ENOENT;
	n = read(fd, head, sizeof(head) - 1);
	if (n <= 0)
		return -ENOENT;
	head[n] = '\0';
	return parse_secrets(head, out) ? 0 : -EBADMSG;
}

int group_file_read(int dir, const char *name, struct group_record *r)
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
	rest = n > 0 ? parse_secrets(text, &r->group) : NULL;
	if (!rest) {
		free(text);
		return -EBADMSG;
	}
	for (line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct group_member *m = group_record_add(r);

		if (!m || sscanf(line, "%255s %d %" SCNu64 " %" SCNd64 " %255s", m->id, &m->pid,
				 &m->start, &m->pending, m->place) < 4) {
			free(text);
			return -EBADMSG;
		}
	}
	free(text);
	return 0;
}

static int replace_group_file(int dir, const char *name, const struct group_record *r)
{
	struct error ignored;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int ret;

	if (!f)
		return -ENOMEM;
	fprintf(f, "%" PRIu64 " %" PRIu32 " %s %" PRIu32 "\n", r->group.stack, r->group.python,
		r->group.perl, r->group.v8);
	for (size_t i = 0; i < r->n; i++)
		fprintf(f, "%s %d %" PRIu64 " %" PRId64 " %s\n", r->member[i].id,
			r->member[i].pid, r->member[i].start, r->member[i].pending,
			r->member[i].place);
	ret = fclose(f) == 0 ? 0 : -ENOMEM;
	if (ret == 0)
		ret = replace_file(dir, name, text, size, 0600, &ignored);
	free(text);
	return ret;
}

int group_file_write(int dir, const char *name, const struct group_record *r)
{
	if (r->n == 0)
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	return replace_group_file(dir, name, r);
}
