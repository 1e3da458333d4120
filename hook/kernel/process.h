/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes there are: one rule for ps, metrics, doctor, attach and estimate. */
#ifndef KSM_PROCESS_H
#define KSM_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/proc.h"

/*
 * A process is there as long as one of its threads is: a zombie has no memory any more, and a
 * thread of the kernel never had any. Where the main thread has ended (pthread_exit() in
 * main()) while others run on, /proc/PID shows neither memory nor namespaces, but still the
 * command, the cgroup and the times; /proc/TASK of a thread that runs shows the rest.
 */
struct process {
	pid_t pid;
	pid_t task; /* whose files in /proc show its memory and its namespaces; mostly pid */
	struct proc_stat stat;
};

/* 0; -ESRCH: there is no such process, by this rule. */
int process_find(pid_t pid, struct process *out);

/*
 * Call visit for every process but ourselves, in no order, until it returns other than 0;
 * returns that, or 0, or -errno when /proc cannot be read.
 */
int process_for_each(int (*visit)(const struct process *p, void *arg), void *arg);

/*
 * The size of the program that a process executes, in bytes; -1 when it is gone. As the kernel
 * knows it: the program may lie on a file system of the container's own (FUSE) that does not
 * answer.
 */
off_t process_program_size(pid_t pid);

/*
 * Wait until a process executes another program than that of this size (a runtime's init runs
 * from a copy, so device and inode would not tell). False when it has ended, which pidfd says,
 * or the time is over.
 */
bool process_wait_for_exec(pid_t pid, int pidfd, off_t size, int timeout_ms);

/* The command of a process as it stands, any bytes (proc(5), comm). Its length or -errno. */
ssize_t process_command(pid_t pid, char *out, size_t size);

#endif
