/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out what this kernel's KSM really does, one "name=value" line for each fact. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

#define KSM   "/sys/kernel/mm/ksm/"
#define PAGE  page_size
#define PAGES 512 /* that each of two processes holds, equal in both */

enum how { NONE, MADVISE, PRCTL, FORK, EXEC, EXEC_AGAIN, EXEC_OFF_ON };

static char text[1 << 18];
static size_t page_size;

static _Noreturn void die(const char *what)
{
	printf("error=%s: %s\n", what, strerror(errno));
	exit(1);
}

static int set_merge(unsigned long on)
{
	return prctl(PR_SET_MEMORY_MERGE, on, 0UL, 0UL, 0UL);
}

static int get_merge(void)
{
	return prctl(PR_GET_MEMORY_MERGE, 0UL, 0UL, 0UL, 0UL);
}

static long ksm_read(const char *path)
{
	FILE *f = fopen(path, "re");
	long v;

	if (!f || fscanf(f, "%ld", &v) != 1)
		die(path);
	fclose(f);
	return v;
}

/* without malloc: what is read describes the heap */
static void read_text(const char *path)
{
	size_t n = 0;
	ssize_t r;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	text[0] = 0;
	if (fd < 0)
		return;
	while ((r = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = 0;
	close(fd);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* runs f in a process of its own, so that no setting stays, and gives its exit status */
static int apart(int (*f)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		_exit(f());
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("child");
	return WEXITSTATUS(status);
}

static const char *name(int err)
{
	static char other[16];

	switch (err) {
	case 0:
		return "yes";
	case EINVAL:
		return "EINVAL";
	case EPERM:
		return "EPERM";
	}
	snprintf(other, sizeof(other), "errno %d", err);
	return other;
}

static int try_set(void)
{
	return set_merge(1) ? errno : get_merge() == 1 ? 0 : ENODATA;
}

static int try_arguments(void)
{
	return prctl(PR_SET_MEMORY_MERGE, 1UL, 1UL, 0UL, 0UL) ? errno : 0;
}

static int try_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		return errno;
	return try_set();
}

static int try_fork(void)
{
	return set_merge(1) ? 255 : apart(get_merge);
}

static int try_exec(void)
{
	if (set_merge(1))
		return 255;
	execl("/proc/self/exe", "ksm_facts", "get", NULL);
	return 255;
}

static int try_joined(void)
{
	int before = 0, after = 0;
	char *p, *area;

	if (set_merge(1))
		return 255;
	area = mmap(NULL, 102 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return 255;
	read_text("/proc/self/maps");
	for (p = text; (p = strchr(p, '\n')); p++)
		before++;
	for (int i = 1; i <= 100; i++) {
		if (mmap(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			return 255;
	}
	read_text("/proc/self/maps");
	for (p = text; (p = strchr(p, '\n')); p++)
		after++;
	return after - before;
}

/* is the mapping that holds addr mergeable? */
static bool mergeable_at(uintptr_t addr)
{
	unsigned long from, to;
	bool inside = false;
	char *line, *next;

	read_text("/proc/self/smaps");
	for (line = text; (next = strchr(line, '\n')); line = next + 1) {
		*next = 0;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from <= addr && addr < to;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			return strstr(line, " mg");
	}
	return false;
}

/* 1: the heap that came after the prctl has it; 0: it has not; else an error */
static int try_heap(bool by_prctl)
{
	uintptr_t start = (uintptr_t)syscall(SYS_brk, 0UL), first = (start + PAGE - 1) & -PAGE;
	uintptr_t middle = first + 16 * PAGE, end = first + 32 * PAGE;

	if ((uintptr_t)syscall(SYS_brk, middle) != middle)
		return 2;
	memset((void *)first, 1, middle - first);
	if (by_prctl ? set_merge(1) : madvise((void *)first, middle - first, MADV_MERGEABLE))
		return 3;
	if ((uintptr_t)syscall(SYS_brk, end) != end)
		return 4;
	memset((void *)middle, 2, end - middle);
	return mergeable_at(first) ? mergeable_at(middle) : 5;
}

static int heap_madvise(void)
{
	return try_heap(false);
}

static int heap_prctl(void)
{
	return try_heap(true);
}

static void on_usr1(int sig)
{
	(void)sig;
	set_merge(0);
}

/* holds equal pages, says so, and stays; on SIGUSR1 disables merging */
static void hold(int ready, uint64_t seed, bool madv)
{
	uint64_t *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	/* no two alike in one process */
	for (size_t i = 0; i < PAGES * PAGE / sizeof(*p); i++)
		p[i] = seed << 32 | i;
	if (madv && madvise(p, PAGES * PAGE, MADV_MERGEABLE))
		_exit(1);
	signal(SIGUSR1, on_usr1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void holder(enum how how, int ready, uint64_t seed)
{
	static const char *const then[] = {
		[EXEC] = "", [EXEC_AGAIN] = "again", [EXEC_OFF_ON] = "off-on"
	};
	char fd[16], s[32];

	if (how >= PRCTL && set_merge(1))
		_exit(1);
	if (how == FORK && fork())
		for (;;)
			pause();
	if (how < EXEC)
		hold(ready, seed, how == MADVISE);
	snprintf(fd, sizeof(fd), "%d", ready);
	snprintf(s, sizeof(s), "%lu", (unsigned long)seed);
	execl("/proc/self/exe", "ksm_facts", "hold", fd, s, then[how], NULL);
	_exit(1);
}

/* waits for pages_sharing to come to "until", or for eight whole scans */
static long watch(long before, long until, bool fall)
{
	long scans = ksm_read(KSM "full_scans"), now = before;

	for (int i = 0; i < 1500; i++) {
		now = ksm_read(KSM "pages_sharing");
		if (fall ? now <= until : now >= until)
			return now - before;
		if (ksm_read(KSM "full_scans") >= scans + 8)
			return now - before;
		nap();
	}
	errno = ETIMEDOUT;
	die("ksmd does not scan");
}

/* pages that two processes with equal pages share in the end */
static void merging(const char *key, enum how how)
{
	static uint64_t seed = 1;
	long before = ksm_read(KSM "pages_sharing"), all;
	int fds[2];
	pid_t pids[2];
	char c;

	seed++;
	if (pipe(fds))
		die("pipe");
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (pids[i] == 0) {
			setpgid(0, 0);
			holder(how, fds[1], seed);
		}
		setpgid(pids[i], pids[i]);
	}
	close(fds[1]);
	for (int i = 0; i < 2; i++) {
		if (read(fds[0], &c, 1) != 1)
			die(key);
	}
	all = watch(before, before + PAGES, false);
	printf("%s=%ld\n", key, all);
	if (how == PRCTL) {
		for (int i = 0; i < 2; i++)
			kill(pids[i], SIGUSR1);
		printf("left_after_off=%ld\n", watch(before, before, true));
	}
	/* a group each: FORK's holder is a grandchild; its exit unmerges */
	for (int i = 0; i < 2; i++) {
		kill(-pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	close(fds[0]);
	watch(before, before, true);
}

static int print_stat(void)
{
	char *line, *next;

	set_merge(1);
	read_text("/proc/self/ksm_stat");
	printf("ksm_stat=%s\n", text[0] ? "yes" : "no");
	/* "ksm_merge_any: yes", but "ksm_rmap_items 0" */
	for (line = text; (next = strchr(line, '\n')); line = next + 1)
		printf("ksm_stat.%.*s\n", (int)(next - line), line);
	read_text("/proc/self/smaps");
	printf("smaps_ksm=%s\n", strstr(text, "\nKSM:") ? "yes" : "no");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int set;
	pid_t idle;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	if (argc == 2 && !strcmp(argv[1], "get"))
		return get_merge();
	if (argc == 5 && !strcmp(argv[1], "hold")) {
		if (!strcmp(argv[4], "off-on") && set_merge(0))
			return 1;
		if (argv[4][0] && set_merge(1))
			return 1;
		hold(atoi(argv[2]), strtoull(argv[3], NULL, 10), false);
	}

	/* somebody for ksmd to scan: without, full_scans stands still */
	idle = fork();
	if (idle == 0)
		hold(STDERR_FILENO, 1, true);

	set = apart(try_set);
	printf("prctl=%s\n", name(set));
	printf("prctl_arguments=%s\n", name(apart(try_arguments)));
	if (!set) {
		printf("prctl_nobody=%s\n", name(apart(try_nobody)));
		printf("fork=%d\n", apart(try_fork));
		printf("exec=%d\n", apart(try_exec));
		printf("new_mappings=%d\n", apart(try_joined));
		printf("heap_prctl=%d\n", apart(heap_prctl));
	}
	printf("heap_madvise=%d\n", apart(heap_madvise));
	apart(print_stat);

	merging("merged_none", NONE);
	merging("merged_madvise", MADVISE);
	if (!set) {
		merging("merged_prctl", PRCTL);
		merging("merged_fork", FORK);
		merging("merged_exec", EXEC);
		merging("merged_exec_again", EXEC_AGAIN);
		merging("merged_exec_off_on", EXEC_OFF_ON);
	}
	kill(idle, SIGKILL);
	waitpid(idle, NULL, 0);
	return 0;
}
