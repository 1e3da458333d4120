/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a start ksmd scans hard while there is something new, then steps down.
 *
 * Two files say all: "burst", there when enable allows it, touched at each start and locked by
 * the process that drives ksmd; and "burst.pages" with what that has written to pages_to_scan,
 * there as long as it is not the value that enable set.
 */
#include "ksmd/boost.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/daemonize.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "ksmd/boost_plan.h"

#define DIRECTORY "/run/ksm-hook"
#define BURST     "burst"
#define PAGES     "burst.pages"
/* Between two looks. */
#define NAP_MS 500
/*
 * A start is left alone: to leave cgroups holds up all forks for a moment, and a new process has
 * nothing to merge yet.
 */
#define START_MS 1000
/* How long enable and disable wait for the one that runs: it looks every NAP_MS. */
#define STOP_MS 5000
/* The descriptor of the lock in the process that drives ksmd; all others are closed. */
#define LOCK_FD 3

struct drive {
	int dir;
	struct tuning tuning;
	int64_t quiet, set; /* pages_to_scan: as enable set it, as it is */
	pid_t ksmd;         /* 0: not to be seen from here */
	struct timespec started;
};

/* A lock of the open file, which children share. 0 taken, 1 somebody has it, -errno. */
static int lock(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? 1 : -errno;
}

static void unlock(int fd)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_OFD_SETLK, &l);
}

/* Without taking it, which might make a start believe that a burst is on */
static bool is_locked(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int64_t number(const char *text)
{
	int64_t v;

	return parse_int(text, strlen(text), 0, INT64_MAX, &v) < 0 ? -1 : v;
}

static int64_t pages_now(void)
{
	char text[KNOB_TEXT];
	struct error err;

	return tune_get(KNOB_PAGES, text, &err) < 0 ? -1 : number(text);
}

static int put_pages(int64_t pages)
{
	char text[KNOB_TEXT];
	struct error err;

	snprintf(text, sizeof(text), "%lld", (long long)pages);
	return tune_put(KNOB_PAGES, text, &err);
}

/* Both the value that is there and the one that comes: we may be killed between the two. */
static int note_pages(int dir, int64_t now, int64_t next)
{
	__cleanup(close_fd) int fd =
		openat(dir, PAGES, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[64];

	if (fd < 0)
		return -errno;
	/* of one length, so that each write replaces all of the last */
	snprintf(text, sizeof(text), "%20lld %20lld\n", (long long)now, (long long)next);
	return write_all(fd, text, strlen(text));
}

/* Is this value of pages_to_scan one that a burst wrote? */
static bool is_noted(int dir, int64_t pages)
{
	__cleanup(close_fd) int fd = openat(dir, PAGES, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	long long a, b;
	char text[64];

	return fd >= 0 && read_all(fd, text, sizeof(text) - 1, 0) > 0 &&
	       sscanf(text, "%lld %lld", &a, &b) == 2 && (pages == a || pages == b);
}

/* Whoever holds the lock: back to the quiet rate, unless somebody else has set another. */
static int settle(int dir, int64_t quiet)
{
	int64_t now = pages_now();
	int r = 0;

	if (now != quiet && is_noted(dir, now))
		r = put_pages(quiet);
	if (r == 0)
		(void)unlinkat(dir, PAGES, 0);
	return r;
}

static int set_pages(struct drive *d, int64_t pages)
{
	int r;

	if (pages == d->set)
		return 0;
	r = note_pages(d->dir, d->set, pages);
	if (r == 0)
		r = put_pages(pages);
	if (r == 0)
		d->set = pages;
	return r;
}

static int64_t counter(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 ? v : 0;
}

static pid_t find_ksmd(void)
{
	DIR *dir = opendir("/proc");
	pid_t pid, found = 0;
	struct proc_stat st;
	char name[32];

	while (dir && !found && (pid = proc_next(dir)) > 0) {
		if (proc_read(pid, "comm", name, sizeof(name)) > 0 &&
		    strcmp(name, "ksmd\n") == 0 && proc_stat(pid, &st) == 0 && st.kernel_thread)
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The first field of schedstat is in nanoseconds (sched-stats.rst) */
static int64_t cpu_us(pid_t pid)
{
	char text[128];

	if (!pid || proc_read(pid, "schedstat", text, sizeof(text)) <= 0)
		return -1;
	return strtoll(text, NULL, 10) / 1000;
}

static struct burst_sample sample(struct drive *d, const struct stat *st)
{
	struct burst_sample s = {
		.ms = now_ms(),
		.cpu_us = cpu_us(d->ksmd),
		.scans = counter("full_scans"),
		.started = st->st_mtim.tv_sec != d->started.tv_sec ||
			   st->st_mtim.tv_nsec != d->started.tv_nsec,
	};

	s.known = counter("pages_shared") + counter("pages_sharing") +
		  counter("pages_unshared") + counter("pages_volatile");
	d->started = st->st_mtim;
	return s;
}

static sigset_t end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* True: a signal asks us to end. They are blocked, so that it comes between two looks. */
static bool nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t ends = end_signals();

	return sigtimedwait(&ends, NULL, &t) > 0;
}

/* Until it is over. True: a container may have been started since, so look once more. */
static bool drive(struct drive *d)
{
	struct burst b;
	struct stat st;
	bool more = true, first = true;

	while (more && (first || !nap(NAP_MS))) {
		struct burst_sample s;

		/* no longer allowed; stopped; or somebody else's now */
		if (fstat(LOCK_FD, &st) < 0 || st.st_nlink == 0 || counter("run") != 1 ||
		    pages_now() != d->set)
			return false;
		s = sample(d, &st);
		if (first)
			burst_begin(&b, &d->tuning.profile->burst, &s);
		else
			more = burst_step(&b, &s);
		first = false;
		if (more && set_pages(d, b.pages) < 0)
			return false;
	}
	return !more;
}

static bool touched_since(const struct drive *d)
{
	struct stat st;

	return fstat(LOCK_FD, &st) == 0 && st.st_nlink > 0 &&
	       (st.st_mtim.tv_sec != d->started.tv_sec ||
		st.st_mtim.tv_nsec != d->started.tv_nsec);
}

/* Has the lock, and gives it back. */
static void work(struct drive *d)
{
	struct stat st;
	bool again;

	do {
		struct error err;

		d->dir = tune_open_dir(false, &err);
		if (d->dir < 0 || fstat(LOCK_FD, &st) < 0 || st.st_nlink == 0 ||
		    tune_load(d->dir, &d->tuning, &err) < 0)
			return;
		d->quiet = d->set = number(d->tuning.knob[KNOB_PAGES].set);
		if (settle(d->dir, d->quiet) < 0)
			return;
		again = drive(d);
		if (settle(d->dir, d->quiet) < 0)
			return;
		close(d->dir);
		/* who came after our last look found the lock taken and left it to us */
		unlock(LOCK_FD);
		again = again && touched_since(d) && lock(LOCK_FD) == 0;
	} while (again);
}

/*
 * One drives, one watches over it: whatever the first dies of, ksmd is not left scanning hard.
 * What kills both is found by the next start, by enable, disable and status.
 */
static _Noreturn void guard(int fd)
{
	static struct drive d;
	sigset_t set = end_signals();
	struct error err;
	int status = 1;
	pid_t pid;

	background_detach(fd, LOCK_FD);
	signal(SIGCHLD, SIG_DFL);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (nap(START_MS))
		_exit(0);
	background_leave_cgroups();
	pid = fork();
	if (pid == 0) {
		d.ksmd = find_ksmd();
		work(&d);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (sigwaitinfo(&set, NULL) != SIGCHLD)
			kill(pid, SIGTERM);
	}
	if (pid > 0 && status != 0) {
		d.dir = tune_open_dir(false, &err);
		if (d.dir >= 0 && tune_load(d.dir, &d.tuning, &err) == 0)
			(void)settle(d.dir, number(d.tuning.knob[KNOB_PAGES].set));
	}
	_exit(0);
}

void burst_start(bool stays)
{
	__cleanup(close_fd) int fd = -1;
	int saved = errno;
	pid_t pid;

	fd = open(DIRECTORY "/" BURST, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd >= 0 && futimens(fd, NULL) == 0 && lock(fd) == 0) {
		pid = fork();
		if (pid == 0 && (!stays || fork() == 0))
			guard(fd);
		if (pid == 0)
			_exit(0);
		while (pid > 0 && stays && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	errno = saved;
}

int burst_allow(int dir, struct error *err)
{
	__cleanup(close_fd) int fd =
		openat(dir, BURST, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? err_errno(err, errno, DIRECTORY "/" BURST) : 0;
}

int burst_forbid(int dir, const struct tuning *t, bool *was, struct error *err)
{
	static const struct timespec wait = { .tv_nsec = 10000000 };
	__cleanup(close_fd) int fd = openat(dir, BURST, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int64_t deadline = now_ms() + STOP_MS;
	int r;

	*was = fd >= 0;
	if (fd >= 0) {
		if (unlinkat(dir, BURST, 0) < 0)
			return err_errno(err, errno, DIRECTORY "/" BURST);
		while ((r = lock(fd)) == 1 && now_ms() < deadline)
			nanosleep(&wait, NULL);
		if (r != 0)
			return err_set(err, EBUSY,
				       "the burst that is on does not end: is its process "
				       "stopped? (fuser " DIRECTORY "/" BURST ")");
	}
	r = settle(dir, number(t->knob[KNOB_PAGES].set));
	return r < 0 ? err_errno(err, -r, "pages_to_scan") : 0;
}

void burst_describe(char *out, size_t size)
{
	__cleanup(close_fd) int dir = -1;
	__cleanup(close_fd) int fd = -1;
	struct tuning t;
	struct error err;
	bool noted;

	*out = '\0';
	dir = tune_open_dir(false, &err);
	if (dir < 0 || tune_load(dir, &t, &err) < 0)
		return;
	fd = openat(dir, BURST, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	noted = is_noted(dir, pages_now());
	snprintf(out, size, "profile %s%s", t.profile->name,
		 fd < 0        ? "" :
		 is_locked(fd) ? ", a burst is on" :
		 noted         ? ", a burst was killed: `ksm-hook enable` puts its rate back" :
				 "");
}
