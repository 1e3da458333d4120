/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: makes a call that its filter refuses, as fast as it can, and counts how often it got
 * through. A child moves it from one processor to the other all the time, so that it runs while
 * a tracer thinks it is about to stop. At its end the filter is in force as it was.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "victim.h"

static void confine(void)
{
	/* getppid(2) stands for what a profile refuses: it has no other way to fail */
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(*f), f };

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		fail("no filter: %s", strerror(errno));
}

static pid_t move_about(pid_t target)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (unsigned turn = 0;; turn++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(turn % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
		(void)sched_setaffinity(target, sizeof(set), &set);
		usleep(100 + turn % 5 * 100);
	}
}

int main(int argc, char **argv)
{
	unsigned long through = 0, refused = 0;
	pid_t mover;

	victim_start(argc, argv);
	mover = move_about(getpid());
	confine();
	victim_ready();
	while (victim_goes_on()) {
		for (int i = 0; i < 1000; i++) {
			if (syscall(SYS_getppid) == -1)
				refused++;
			else
				through++;
		}
		victim_called();
	}
	kill(mover, SIGKILL);
	waitpid(mover, NULL, 0);
	if (through)
		fail("%lu of %lu calls got through the filter", through, through + refused);
	return victim_end();
}
