/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of processes. Every read is bounded; a process may end at any time. */
#include "kernel/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "base/io.h"
#include "base/text.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

ssize_t proc_read(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_kernel_file(path, buf, size);
}

ssize_t proc_read_head(pid_t pid, const char *name, char *buf, size_t size)
{
	ssize_t n = proc_read(pid, name, buf, size);

	/* what is there of it fills the buffer: read_all() reads a byte too many to tell */
	if (n != -EFBIG)
		return n;
	buf[size - 1] = '\0';
	return (ssize_t)size - 1;
}

ssize_t proc_read_once(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[80];
	__cleanup(close_fd) int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	/* not open(), to which musl adds an fcntl() */
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

static int parse_stat(const char *text, struct proc_stat *out)
{
	/* the name in front may hold anything, parentheses too: the last one ends it */
	const char *p = strrchr(text, ')');
	int field = 2;

	while (p && (p = strchr(p, ' ')) != NULL) {
		p++;
		field++;
		if (field == 3)
			out->state = *p;
		else if (field == 4)
			out->ppid = atoi(p);
		else if (field == 9)
			out->kernel_thread = strtoul(p, NULL, 10) & PF_KTHREAD;
		else if (field == 10)
			out->faults = strtoull(p, NULL, 10);
		else if (field == 14)
			out->cpu_ticks = strtoull(p, NULL, 10);
		else if (field == 15)
			out->cpu_ticks += strtoull(p, NULL, 10);
		else if (field == 20)
			out->threads = atoi(p);
		else if (field == 22)
			out->start = strtoull(p, NULL, 10);
		else if (field == 39)
			out->cpu = atoi(p);
	}
	return field >= 39 ? 0 : -ESRCH;
}

static int read_stat(pid_t pid, const char *name, struct proc_stat *out)
{
	/* all that is looked at, if every field had all of its digits */
	char text[1024];

	if (proc_read_once(pid, name, text, sizeof(text)) <= 0)
		return -ESRCH;
	return parse_stat(text, out);
}

int proc_stat(pid_t pid, struct proc_stat *out)
{
	return read_stat(pid, "stat", out);
}

int proc_thread_stat(pid_t pid, pid_t tid, struct proc_stat *out)
{
	char name[32];

	snprintf(name, sizeof(name), "task/%d/stat", tid);
	return read_stat(pid, name, out);
}

int proc_pin(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* EINVAL: a number that is none, or a thread's */
	return fd >= 0 ? fd : errno == EINVAL ? -ESRCH : -errno;
}

bool proc_is_there(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0;
}

int64_t proc_field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): read_all() ends it */
		if (*line == '\n')
			line++;
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return strtoll(line + len + 1, NULL, 10);
	}
	return -1;
}

/* A line that is looked for: its value goes to out; r is its length, or -ENODATA. */
struct status_line {
	const char *name;
	char *out;
	size_t size;
	int r;
};

static int status_line_take(struct status_line *want, const char *line)
{
	size_t len = strlen(want->name);
	const char *value = line + len + 1;

	if (want->r >= 0 || strncmp(line, want->name, len) != 0 || line[len] != ':')
		return 0;
	value += strspn(value, " \t");
	want->r = snprintf(want->out, want->size, "%.*s", (int)strcspn(value, "\n"), value);
	return 1;
}

/* All of them in one reading. -errno where there was none. */
static int read_status_lines(pid_t tid, struct status_line *want, size_t n)
{
	char path[32], line[256];
	bool whole = true;
	size_t left = n;
	int r = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	/* a line of groups may be longer than any buffer, and is the only one with such a rest */
	while (left && fgets(line, sizeof(line), f)) {
		bool begins = whole;

		whole = strchr(line, '\n');
		for (size_t i = 0; begins && i < n; i++)
			left -= (size_t)status_line_take(&want[i], line);
	}
	/* it may end while it is read */
	if (left && ferror(f))
		r = -errno;
	fclose(f);
	return r;
}

int proc_status_line(pid_t tid, const char *name, char *out, size_t size)
{
	struct status_line want = { name, out, size, -ENODATA };
	int r = read_status_lines(tid, &want, 1);

	return r < 0 ? r : want.r;
}

int64_t proc_status_field(pid_t tid, const char *name)
{
	char text[256];
	int r = proc_status_line(tid, name, text, sizeof(text));

	return r < 0 ? r : strtoll(text, NULL, 10);
}

int proc_seccomp(pid_t tid)
{
	return (int)proc_status_field(tid, "Seccomp");
}

int proc_parent(pid_t *number, bool *outer)
{
	char self[32], parent[32], pids[128];
	int64_t self_number, parent_number;
	/* our number in every namespace from /proc's to our own (proc(5); Linux 4.1) */
	struct status_line want[] = { { "PPid", parent, sizeof(parent), -ENODATA },
				      { "NSpid", pids, sizeof(pids), -ENODATA } };
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);
	int r;

	if (n < 0)
		return -errno;
	r = parse_int(self, (size_t)n, 1, INT_MAX, &self_number);
	if (r < 0)
		return r;
	r = read_status_lines((pid_t)self_number, want, ARRAY_SIZE(want));
	if (r < 0)
		return r;
	if (want[0].r < 0 || want[1].r < 0 ||
	    parse_int(parent, strlen(parent), 0, INT_MAX, &parent_number) < 0)
		return -ENODATA;
	*number = (pid_t)parent_number;
	*outer = pids[strspn(pids, "0123456789")] == '\t';
	return 0;
}

/*
 * What an entry takes with a name of so many bytes (filldir64() in fs/readdir.c). With offsets of 64 bits this is
 * the kernel's struct linux_dirent64, and since musl 1.2.4 the C library has no other name for it.
 */
#define ENTRY_SIZE(len) ((offsetof(struct dirent, d_name) + (len) + 1 + 7) & ~7UL)

/*
 * One entry at a time, and from behind it again. The kernel (fs/proc/base.c, proc_pid_readdir)
 * reads ahead as far as the buffer goes and one further, and when there is none it never looks
 * again: of who forks and ends between this and the visit the child would be in no list. Numbers
 * come in their order, so the child of one that was there at its visit comes behind it.
 */
int proc_for_each(int (*visit)(pid_t pid, void *arg), void *arg)
{
	/* what a number needs; two entries never fit */
	const size_t one = ENTRY_SIZE(sizeof("4194304") - 1);
	struct dirent e;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	off_t at = 0, before_numbers = -1;
	size_t room = one;

	if (fd < 0)
		return -errno;
	while (r == 0) {
		long n = syscall(SYS_getdents64, fd, &e, room);
		int64_t number;

		if (n < 0 && errno == EINVAL && room < sizeof(e)) {
			room += 8; /* it is no number, and longer */
			continue;
		}
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		room = one;
		if (parse_int(e.d_name, strlen(e.d_name), 1, INT_MAX, &number) == 0) {
			/* init is always there, so this is its place and not that of one who ended */
			if (number == 1)
				before_numbers = at - 1;
			r = visit((pid_t)number, arg);
			if (before_numbers >= 0)
				(void)lseek(fd, before_numbers + number + 1, SEEK_SET);
		}
		at = e.d_off;
	}
	close(fd);
	return r;
}

struct thread_walk {
	int (*visit)(pid_t tid, void *arg);
	void *arg;
};

static int visit_thread(int dirfd, const char *name, void *arg)
{
	const struct thread_walk *w = arg;
	int64_t number;

	(void)dirfd;
	return parse_int(name, strlen(name), 1, INT_MAX, &number) == 0 ?
		       w->visit((pid_t)number, w->arg) :
		       0;
}

int proc_for_each_thread(pid_t pid, int (*visit)(pid_t tid, void *arg), void *arg)
{
	struct thread_walk w = { visit, arg };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return dir_for_each_of(path, visit_thread, &w);
}

/* of the first pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO) */
#define FIRST_PID_NAMESPACE 0xeffffffcu

/* Is the first process here one of another cgroup, thus not of the container that we are in? */
static bool has_init_of_a_node(void)
{
	char own[PROC_CGROUP_MAX], init[PROC_CGROUP_MAX];

	return proc_read_head(1, "cgroup", init, sizeof(init)) > 0 &&
	       read_kernel_file("/proc/self/cgroup", own, sizeof(own)) > 0 &&
	       strcmp(own, init) != 0;
}

bool proc_shows_all(void)
{
	struct stat own, init;

	if (stat("/proc/self/ns/pid", &own) < 0)
		return false;
	return own.st_ino == FIRST_PID_NAMESPACE ||
	       (stat("/proc/1/ns/pid", &init) == 0 && init.st_ino == own.st_ino &&
		has_init_of_a_node());
}

static int stop_at_live_thread(pid_t tid, void *arg)
{
	pid_t *pid = arg;
	struct proc_stat st;

	if (proc_thread_stat(*pid, tid, &st) < 0 || st.state == 'Z' || st.state == 'X')
		return 0;
	*pid = tid;
	return 1;
}

/* In the order of /proc, which is that of their making. */
int proc_live_thread(pid_t pid, pid_t *tid)
{
	struct proc_stat st;

	if (proc_stat(pid, &st) < 0)
		return -ESRCH;
	*tid = pid;
	if (st.state != 'Z')
		return 0;
	return proc_for_each_thread(pid, stop_at_live_thread, tid) > 0 ? 0 : -ESRCH;
}
