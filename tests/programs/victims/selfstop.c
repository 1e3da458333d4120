/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: stops itself, and writes into the file MODE right behind the system call that
 * does it. Until SIGCONT that byte must stay 0, whatever is injected.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "victim.h"

/* kill(pid, SIGSTOP), and 1 into *mark by the very next instruction */
static long kill_and_mark(pid_t pid, volatile char *mark)
{
#ifdef __aarch64__
	register long x8 __asm__("x8") = SYS_kill;
	register long x0 __asm__("x0") = pid;
	register long x1 __asm__("x1") = SIGSTOP;

	__asm__ volatile("svc #0\n\tstrb %w[one], [%[mark]]"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), [mark] "r"(mark), [one] "r"(1)
			 : "memory");
	return x0;
#else
	long ret;

	__asm__ volatile("syscall\n\tmovb $1, (%[mark])"
			 : "=a"(ret)
			 : "a"(SYS_kill), "D"(pid), "S"(SIGSTOP), [mark] "r"(mark)
			 : "rcx", "r11", "memory");
	return ret;
#endif
}

int main(int argc, char **argv)
{
	volatile char *mark;
	long ret;
	int fd;

	victim_start(argc, argv);
	fd = open(victim_mode, O_RDWR);
	mark = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mark == MAP_FAILED)
		fail("%s: %s", victim_mode, strerror(errno));
	victim_ready();
	ret = kill_and_mark(getpid(), mark);
	if (ret != 0 || *mark != 1)
		fail("kill returned %ld", ret);
	victim_called();
	return victim_end();
}
