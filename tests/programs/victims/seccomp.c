/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: reads from a pipe under a filter that kills at prctl. At its end a child makes
 * that call, to see that the filter is in force.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "victim.h"

static void confine(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(*f), f };

	/* where Yama restricts tracing to descendants: any process of this user may */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		fail("no filter: %s", strerror(errno));
}

static void check_filter(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGSYS)
		fail("the filter is not in force any more (status 0x%x)", status);
}

int main(int argc, char **argv)
{
	uint32_t expected = 0;
	int fd;

	victim_start(argc, argv);
	fd = feeder_start();
	confine();
	victim_ready();
	while (victim_goes_on())
		feeder_check(fd, &expected);
	check_filter();
	return victim_end();
}
