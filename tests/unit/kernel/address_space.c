/* SPDX-License-Identifier: Apache-2.0 */
/* Which address space counts as empty: lines of maps, and processes that have it. */
#include "kernel/address_space.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

#define GIB ((size_t)1 << 30)
#define MIB ((size_t)1 << 20)

static void lines(void)
{
	static const struct {
		const char *line;
		int64_t bytes;
	} cases[] = {
		{ "00400000-00402000 r-xp 00000000 fe:00 1 /bin/true\n", 0x2000 },
		{ "7f0000000000-7f0000001000 rw-p 00000000 00:00 0", 0x1000 },
		{ "7f0000000000-8f0000000000 ---p 00000000 00:00 0", 0x100000000000 },
		{ "7f0000000000-7f0000001000 rw-s 00000000 00:00 0", 0 },
		{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", 0 },
		/* what is none */
		{ "", 0 },
		{ "7f0000000000-7f0000001000 rw-", 0 },
		{ "7f0000000000-7f0000001000 rwp", 0 },
		{ "7f0000001000-7f0000001000 rw-p 0", 0 },
		{ "7f0000001000-7f0000000000 rw-p 0", 0 },
		{ "0-ffffffffffffffff rw-p 0", 0 },
		{ "0-200000000000000 rw-p 0", 1LL << 57 },
		{ "0-200000000001000 rw-p 0", 0 },
		{ "-1000-2000 rw-p 0", 0 },
		{ " 1000-2000 rw-p 0", 0 },
		{ "0x1000-0x2000 rw-p 0", 0 },
		{ "1000-2000 rw-pp 0", 0 },
		{ "00000000000001000-2000 rw-p 0", 0 },
		{ "VmFlags: rd wr mr mw me ac", 0 },
		{ "/a name 0-1000 rw-p", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].line;
		CHECK(private_mapping_bytes(cases[i].line) == cases[i].bytes);
	}
	check_case = "";
}

/* A process with so many bytes more, of which touched are in memory. */
static pid_t with(size_t bytes, size_t touched, int flags)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (at == MAP_FAILED)
			_exit(1);
		for (size_t i = 0; i < touched; i += 4096)
			at[i] = 1;
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

/*
 * By how much another one is above ours: what a sanitizer maps is in both, and so in no answer. max is where
 * ours is just not sparse.
 */
static void processes(void)
{
	int64_t max = 0;
	pid_t plain = with(MIB, 0, MAP_PRIVATE), vast, full, shared;

	while (address_space_is_sparse(plain, max))
		max += 64 * (int64_t)MIB + max / 8;
	vast = with(GIB + (size_t)max, 0, MAP_PRIVATE);
	full = with(64 * MIB, 64 * MIB, MAP_PRIVATE);
	shared = with(GIB + (size_t)max, 0, MAP_SHARED);
	CHECK(address_space_is_sparse(vast, max));
	CHECK(!address_space_is_sparse(full, max));
	CHECK(!address_space_is_sparse(shared, max));
	CHECK(!address_space_is_sparse(vast, INT64_MAX));
	CHECK(!address_space_is_sparse(0x7fffffff, 0));
	for (size_t i = 0; i < 4; i++) {
		pid_t pid = (pid_t[]){ plain, vast, full, shared }[i];

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

int main(void)
{
	RUN(lines);
	RUN(processes);
	return check_end();
}
