/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of processes. Every read is bounded; a process may end at any time. */
#ifndef KSM_PROC_H
#define KSM_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The fields of /proc/PID/stat that are used here (proc(5)). */
struct proc_stat {
	char state; /* Z: zombie */
	pid_t ppid;
	uint64_t faults;    /* page faults that needed no reading, since fork */
	uint64_t cpu_ticks; /* user and system time of all threads */
	bool kernel_thread;
	int threads;
	uint64_t
		start; /* when, in ticks since boot: with the number it names a process for good */
	int cpu;       /* where it ran last */
};

/*
 * Read /proc/PID/NAME (NAME may have slashes) into buf of size bytes, NUL-terminated. Returns
 * its length; -ENOENT or -ESRCH when the process (or, ENOENT, just the file) is not there,
 * -EFBIG when buf is too small.
 */
ssize_t proc_read(pid_t pid, const char *name, char *buf, size_t size);

/*
 * The same, but of a longer file its beginning: a process can make its files long (groups of
 * users, cgroups in cgroups), and must not become another's, or nobody's, by that.
 */
ssize_t proc_read_head(pid_t pid, const char *name, char *buf, size_t size);

/*
 * proc_read_head() of a file that the kernel makes as a whole (fs/proc/base.c has ONE() for it: stat,
 * syscall): one read gets all that fits, and no second one need say that this was all. A start of a
 * container reads a dozen of them.
 */
ssize_t proc_read_once(pid_t pid, const char *name, char *buf, size_t size);

/*
 * Room for any /proc/PID/cgroup: a line for each of v1's controllers, of the hierarchies that have a
 * name, and of v2, with a path below PATH_MAX (kernel/cgroup/cgroup.c, proc_cgroup_show()).
 */
#define PROC_CGROUP_MAX (64u << 10)

/* 0, -ESRCH */
int proc_stat(pid_t pid, struct proc_stat *out);

/* Of one thread; -ESRCH where the process has none of this number. */
int proc_thread_stat(pid_t pid, pid_t tid, struct proc_stat *out);

/*
 * A pidfd (close-on-exec). It does not keep the number from being used again once the process
 * has ended and been waited for: what is read by number counts only if the process is still
 * there afterwards, by a signal 0 to the pidfd. -ESRCH when there is none.
 */
int proc_pin(pid_t pid);

/* Is the process of a pidfd there, if only to be waited for? Then its number means it, and did all along. */
bool proc_is_there(int pidfd);

/*
 * Our parent's number in the pid namespace that /proc shows, and whether that one lies
 * around ours, as it does until a container has mounted its own. 0 or -errno.
 */
int proc_parent(pid_t *number, bool *outer);

/*
 * What stands behind "NAME:" and blanks in /proc/TID/status, however long that file is: its length;
 * -ENODATA where there is no such line; -errno. What does not fit is cut.
 */
int proc_status_line(pid_t tid, const char *name, char *out, size_t size);

/* The number in a line of /proc/TID/status; -errno, -ENODATA: no such line. */
int64_t proc_status_field(pid_t tid, const char *name);

/*
 * Does /proc show every process of the machine, or of what is run like one (a system container, a
 * node that is a container)? That is so in the first pid namespace, and in one whose init is in
 * another cgroup than we. In a container's own, a number that somebody wrote down may mean another
 * process, or none.
 */
bool proc_shows_all(void);

/* The seccomp mode of a thread (0 none); -errno when it cannot be read. */
int proc_seccomp(pid_t tid);

/* A thread of a process that has not ended, the first one if possible. 0, -ESRCH. */
int proc_live_thread(pid_t pid, pid_t *tid);

/*
 * The value of a "Name:   123 kB" line of status-like text, in the unit it is given in;
 * -1 where there is none.
 */
int64_t proc_field(const char *text, const char *name);

/*
 * Call visit for every process in /proc, in no order, until it returns other than 0; returns
 * that, or 0, or -errno when /proc cannot be read.
 */
int proc_for_each(int (*visit)(pid_t pid, void *arg), void *arg);

/* The same for every thread of a process. */
int proc_for_each_thread(pid_t pid, int (*visit)(pid_t tid, void *arg), void *arg);

#endif
