/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries every way to make itself mergeable, and prints what came of each: "WAY done" or "WAY
 * refused". The last lines are about calls that have to work whatever is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

/* The kernel looks at 32 bits, a filter at 64. */
#define HIGH (1L << 32)

static void say(const char *way, long r)
{
	printf("%s %s\n", way, r < 0 ? "refused" : "done");
}

int main(void)
{
	long size = 4 * sysconf(_SC_PAGESIZE), fd;
	char *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec all = { memory, (size_t)size };
	char params[256] = "";

	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, (size_t)size);
	say("prctl", syscall(SYS_prctl, (long)PR_SET_MEMORY_MERGE, 1L, 0L, 0L, 0L));
	say("prctl-high", syscall(SYS_prctl, HIGH | PR_SET_MEMORY_MERGE, 1L, 0L, 0L, 0L));
	say("madvise", syscall(SYS_madvise, memory, size, (long)MADV_MERGEABLE));
	say("madvise-high", syscall(SYS_madvise, memory, size, HIGH | MADV_MERGEABLE));
	fd = syscall(SYS_pidfd_open, (long)getpid(), 0L);
	say("process_madvise",
	    syscall(SYS_process_madvise, fd, &all, 1L, (long)MADV_MERGEABLE, 0L));
	say("io_uring", syscall(SYS_io_uring_setup, 1L, params));
	say("others", prctl(PR_SET_NAME, "other") < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 ||
				      madvise(memory, (size_t)size, MADV_DONTNEED) < 0 ||
				      madvise(memory, (size_t)size, MADV_DONTFORK) < 0 ||
				      prctl(PR_SET_TIMERSLACK, 1) < 0 ||
				      prctl(PR_GET_SECCOMP) < 0 ?
			      -1 :
			      0);
	return 0;
}
