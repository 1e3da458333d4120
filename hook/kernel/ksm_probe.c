/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel can do, found out by trying. */
#include "kernel/ksm_probe.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"

/* uapi/asm-generic/mman-common.h; KSM itself: Linux 2.6.32 */
#ifndef MADV_MERGEABLE
#define MADV_MERGEABLE 12
#endif

static bool probe_madvise(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok;

	if (p == MAP_FAILED)
		return false;
	ok = madvise(p, size, MADV_MERGEABLE) == 0;
	munmap(p, size);
	return ok;
}

/* A hook that reads and parses for as long as it may still ends within five seconds. */
#define PROBE_TIMEOUT_MS 1500

/* In a child that set the prctl: does a child of its own have it? */
static bool child_has_it(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ksm_self_is_merged() == 1 ? 0 : 1);
	return pid > 0 && child_wait(pid, &status) == 0 && status == 0;
}

static _Noreturn void probe_child(int report, int hold)
{
	char seen[2] = { ksm_merge_self() == 0 ? 'y' : 'n', child_has_it() ? 'y' : 'n' };

	/* the report's end of file, made by exec, tells that exec has happened */
	if (write(report, seen, sizeof(seen)) == sizeof(seen) && dup2(hold, 0) == 0)
		execl("/proc/self/exe", PROBE_WAIT_NAME, NULL);
	_exit(1);
}

int probe_wait(void)
{
	char none[64];

	while (read(STDIN_FILENO, none, sizeof(none)) > 0)
		;
	return 0;
}

static void probe_prctl(struct support *s)
{
	int report[2], hold[2];
	char seen[2 + 1] = "";
	struct ksm_stat st;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return;
	if (pipe2(hold, O_CLOEXEC) < 0) {
		close(report[0]);
		close(report[1]);
		return;
	}
	pid = fork();
	if (pid == 0)
		probe_child(report[1], hold[0]);
	close(report[1]);
	close(hold[0]);
	if (pid > 0 && read_all(report[0], seen, 2, PROBE_TIMEOUT_MS) == 2) {
		s->prctl = seen[0] == 'y';
		s->fork = seen[1] == 'y';
		s->per_process = ksm_stat_read(pid, &st) == 0;
		s->exec = s->prctl ? ksm_process_flag(pid, &s->exec_certain) : KSM_NO;
	}
	close(hold[1]); /* the child reads its end of file and exits */
	close(report[0]);
	if (pid > 0)
		(void)child_wait(pid, NULL);
}

struct support probe_support(void)
{
	struct support s = { .exec = KSM_UNKNOWN };
	int64_t run;

	s.ksm = ksm_sysfs("run", &run) == 0 && probe_madvise();
	if (s.ksm)
		probe_prctl(&s);
	return s;
}

enum probe_way probe_way(void)
{
	struct ksm_stat st;

	if (ksm_self_is_merged() < 0)
		return probe_madvise() ? PROBE_MADVISE : PROBE_NO_KSM;
	/*
	 * Kernels that tell mergeability in ksm_stat (seen on 6.18, not on 6.16) are younger than
	 * the last that lost it (6.9): that saves starting a program.
	 */
	if (ksm_stat_read(getpid(), &st) == 0 && st.merge_any != KSM_UNKNOWN)
		return PROBE_INHERIT;
	return probe_support().exec == KSM_NO ? PROBE_EACH_EXEC : PROBE_INHERIT;
}
