/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a start ksmd scans hard while there is something new, then steps down.
 *
 * Two files say all: "boost", there when enable allows it, touched at each start and locked by
 * the process that drives ksmd; and "boost.pages" with what that has written to pages_to_scan,
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

#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "kernel/daemonize.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "ksmd/boost_pages.h"
#include "ksmd/boost_plan.h"

#define DIRECTORY "/run/ksm-hook"
#define BOOST     "boost"
/* Between two samples. */
#define NAP_MS 500
/*
 * A start is left alone: to leave cgroups holds up all forks for a moment, and a new process has
 * nothing to merge yet.
 */
#define START_MS 1000
/* Counters are read again until they differ by less, but so many times at most. */
#define KNOWN_NEAR  64
#define KNOWN_TRIES 8
/* How long enable and disable wait for the one that runs: it takes a sample every NAP_MS. */
#define STOP_MS 5000
/* The descriptor of the lock in the process that drives ksmd; all others are closed. */
#define LOCK_FD 3

struct boost_run {
	int dir;
	struct ksmd_enabled enabled;
	int64_t rest, set; /* pages_to_scan: as enable set it, as it is */
	int64_t scan;      /* that was on at the start */
	pid_t ksmd;        /* 0: not to be seen from here */
	struct timespec started;
};

/* A lock of the open file, which children share. 0 taken, 1 somebody has it, -errno. */
static int boost_lock(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? 1 : -errno;
}

static void boost_unlock(int fd)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_OFD_SETLK, &l);
}

/* Without taking it, which might make a start believe that a boost is on */
static bool boost_is_locked(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int boost_pages(struct boost_run *d, int64_t pages)
{
	int r;

	if (pages == d->set)
		return 0;
	r = boost_note(d->dir, d->set, pages);
	if (r == 0)
		r = boost_write_pages(pages);
	if (r == 0)
		d->set = pages;
	return r;
}

static int64_t ksm_counter(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 ? v : 0;
}

static int is_ksmd(pid_t pid, void *arg)
{
	struct proc_stat st;
	char name[32];

	(void)arg;
	return proc_read(pid, "comm", name, sizeof(name)) > 0 && strcmp(name, "ksmd\n") == 0 &&
			       proc_stat(pid, &st) == 0 && st.kernel_thread ?
		       pid :
		       0;
}

/* 0 where it is not to be seen, as in a pid namespace. */
static pid_t find_ksmd(void)
{
	int pid = proc_for_each(is_ksmd, NULL);

	return pid > 0 ? pid : 0;
}

/* The first field of schedstat is in nanoseconds (sched-stats.rst) */
static int64_t cpu_us_of(pid_t pid)
{
	char text[128];

	if (!pid || proc_read(pid, "schedstat", text, sizeof(text)) <= 0)
		return -1;
	return strtoll(text, NULL, 10) / 1000;
}

static int64_t in_trees(void)
{
	return ksm_counter("pages_shared") + ksm_counter("pages_sharing") +
	       ksm_counter("pages_unshared");
}

/*
 * All that ksmd keeps an account of. It goes on between two files that we read, and if we have to wait there, for as
 * many pages as look like new ones.
 */
static int64_t known_pages(void)
{
	int64_t before, volatiles, after = in_trees();
	int tries = KNOWN_TRIES;

	do {
		before = after;
		volatiles = ksm_counter("pages_volatile");
		after = in_trees();
	} while (llabs(after - before) > KNOWN_NEAR && --tries > 0);
	return after + volatiles;
}

static struct boost_sample take_sample(struct boost_run *d, const struct stat *st)
{
	struct boost_sample s = {
		.ms = now_ms(),
		.cpu_us = cpu_us_of(d->ksmd),
		.scans = ksm_counter("full_scans"),
		.looked = ksm_counter("pages_scanned") + ksm_counter("pages_skipped"),
		.started = st->st_mtim.tv_sec != d->started.tv_sec ||
			   st->st_mtim.tv_nsec != d->started.tv_nsec,
	};

	s.known = known_pages();
	d->started = st->st_mtim;
	return s;
}

static sigset_t boost_end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* True: a signal asks us to end. They are blocked, so that it comes between two samples. */
static bool nap_or_end(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t ends = boost_end_signals();

	return sigtimedwait(&ends, NULL, &t) > 0;
}

/* Until it is over. True: a container may have been started since, so sample once more. */
static bool drive_ksmd(struct boost_run *d)
{
	struct boost b;
	struct stat st;
	bool more = true, first = true;

	while (more && (first || !nap_or_end(NAP_MS))) {
		struct boost_sample s;

		/* no longer allowed; stopped; or somebody else's now */
		if (fstat(LOCK_FD, &st) < 0 || st.st_nlink == 0 || ksm_counter("run") != 1 ||
		    boost_read_pages() != d->set)
			return false;
		s = take_sample(d, &st);
		if (first)
			boost_begin(&b, &d->enabled.profile->boost, d->scan, &s);
		else
			more = boost_step(&b, &s);
		first = false;
		if (more && boost_pages(d, b.pages) < 0)
			return false;
	}
	return !more;
}

static bool touched_since(const struct boost_run *d)
{
	struct stat st;

	return fstat(LOCK_FD, &st) == 0 && st.st_nlink > 0 &&
	       (st.st_mtim.tv_sec != d->started.tv_sec ||
		st.st_mtim.tv_nsec != d->started.tv_nsec);
}

/* Has the lock, and gives it back. */
static void boost_until_quiet(struct boost_run *d)
{
	struct stat st;
	bool again;

	do {
		struct error err;

		d->dir = ksmd_state_open(false, &err);
		if (d->dir < 0 || fstat(LOCK_FD, &st) < 0 || st.st_nlink == 0 ||
		    ksmd_state_load(d->dir, &d->enabled, &err) < 0)
			return;
		d->rest = d->set = boost_setting(d->enabled.setting[SETTING_PAGES].set);
		if (boost_return_to_rest(d->dir, d->rest) < 0)
			return;
		again = drive_ksmd(d);
		if (boost_return_to_rest(d->dir, d->rest) < 0)
			return;
		close(d->dir);
		/* who came after our last sample found the lock taken and left it to us */
		boost_unlock(LOCK_FD);
		again = again && touched_since(d) && boost_lock(LOCK_FD) == 0;
		d->scan = ksm_counter("full_scans");
	} while (again);
}

/*
 * One drives, one watches over it: whatever the first dies of, ksmd is not left scanning hard.
 * What kills both is found by the next start, by enable, disable and status.
 */
static _Noreturn void boost_guard(int fd)
{
	static struct boost_run d;
	sigset_t set = boost_end_signals();
	struct error err;
	int status = 1;
	pid_t pid;

	background_detach(fd, LOCK_FD);
	signal(SIGCHLD, SIG_DFL);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d.scan = ksm_counter("full_scans");
	if (nap_or_end(START_MS))
		_exit(0);
	background_leave_cgroups();
	pid = fork();
	if (pid == 0) {
		d.ksmd = find_ksmd();
		boost_until_quiet(&d);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (sigwaitinfo(&set, NULL) != SIGCHLD)
			kill(pid, SIGTERM);
	}
	if (pid > 0 && status != 0) {
		d.dir = ksmd_state_open(false, &err);
		if (d.dir >= 0 && ksmd_state_load(d.dir, &d.enabled, &err) == 0)
			(void)boost_return_to_rest(
				d.dir, boost_setting(d.enabled.setting[SETTING_PAGES].set));
	}
	_exit(0);
}

void boost_start(bool stays)
{
	__cleanup(close_fd) int fd = -1;
	int saved = errno;
	pid_t pid;

	fd = open(DIRECTORY "/" BOOST, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd >= 0 && futimens(fd, NULL) == 0 && boost_lock(fd) == 0) {
		pid = fork();
		if (pid == 0 && (!stays || fork() == 0))
			boost_guard(fd);
		if (pid == 0)
			_exit(0);
		if (pid > 0 && stays)
			(void)child_wait(pid, NULL);
	}
	errno = saved;
}

int boost_allow(int dir, struct error *err)
{
	__cleanup(close_fd) int fd =
		openat(dir, BOOST, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? err_errno(err, errno, DIRECTORY "/" BOOST) : 0;
}

int boost_forbid(int dir, const struct ksmd_enabled *t, bool *was, struct error *err)
{
	static const struct timespec wait = { .tv_nsec = 10000000 };
	__cleanup(close_fd) int fd = openat(dir, BOOST, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int64_t deadline = now_ms() + STOP_MS;
	int r;

	*was = fd >= 0;
	if (fd >= 0) {
		if (unlinkat(dir, BOOST, 0) < 0)
			return err_errno(err, errno, DIRECTORY "/" BOOST);
		while ((r = boost_lock(fd)) == 1 && now_ms() < deadline)
			nanosleep(&wait, NULL);
		if (r != 0)
			return err_set(err, EBUSY,
				       "the boost that is on does not end: is its process "
				       "stopped? (fuser " DIRECTORY "/" BOOST ")");
	}
	r = boost_return_to_rest(dir, boost_setting(t->setting[SETTING_PAGES].set));
	return r < 0 ? err_errno(err, -r, "pages_to_scan") : 0;
}

int boost_query(struct boost_status *out)
{
	__cleanup(close_fd) int dir = -1;
	__cleanup(close_fd) int fd = -1;
	struct ksmd_enabled e;
	struct error err;
	int r;

	*out = (struct boost_status){ 0 };
	dir = ksmd_state_open(false, &err);
	r = dir < 0 ? dir : ksmd_state_load(dir, &e, &err);
	if (r < 0)
		return r;
	out->profile = e.profile;
	out->pages_to_scan = boost_setting(e.setting[SETTING_PAGES].set);
	out->sleep_ms = e.setting[SETTING_SLEEP].there ?
				boost_setting(e.setting[SETTING_SLEEP].set) :
				-1;
	/* a lock is asked for, not taken: that needs no right to write */
	fd = openat(dir, BOOST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		out->phase = BOOST_FORBIDDEN;
	else if (boost_is_locked(fd))
		out->phase = BOOST_RUNNING;
	else
		out->phase =
			boost_is_noted(dir, boost_read_pages()) ? BOOST_KILLED : BOOST_AT_REST;
	return 0;
}
