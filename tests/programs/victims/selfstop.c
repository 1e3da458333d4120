/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: stops itself, and writes into the file MODE right behind the system call that
 * does it. Until SIGCONT that byte must stay 0, whatever is injected.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "victim.h"

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
	__asm__ volatile("syscall\n\tmovb $1, (%[mark])"
			 : "=a"(ret)
			 : "a"(SYS_kill), "D"(getpid()), "S"(SIGSTOP), [mark] "r"(mark)
			 : "rcx", "r11", "memory");
	if (ret != 0 || *mark != 1)
		fail("kill returned %ld", ret);
	victim_called();
	return victim_end();
}
