/* SPDX-License-Identifier: Apache-2.0 */
/* lint: no analysis (memory is taken and left on purpose) */
/* What programs do with memory, one case per argument, each checked from inside. */
#include "cases.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1UL << 20)

extern char **environ;

/* The allocator must not be seen through: this is how a block is really used. */
static void *touched(void *block, size_t len)
{
	if (!block) {
		perror("no memory");
		exit(1);
	}
	memset(block, 1, len);
	return block;
}

static void grow_small(size_t total)
{
	size_t done, len;

	for (done = 0; done < total; done += len) {
		len = 24 + done % 400;
		touched(malloc(len), len);
	}
}

static int case_small(void)
{
	grow_small(40 * MIB);
	return settled();
}

/* Making memory mergeable must not cut the heap into a mapping per step. */
static int case_heap_is_one(void)
{
	grow_small(100 * MIB);
	return settled() || mappings() > 400;
}

static int case_trim(void)
{
	enum { N = 100000 };
	static void *blocks[N];
	int i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < N; i++)
			blocks[i] = touched(malloc(300), 300);
		if (round < 3)
			for (i = N; i--;)
				free(blocks[i]);
	}
	return settled();
}

static int case_aligned(void)
{
	void *p;
	int i;

	for (i = 0; i < 2000; i++) {
		touched(memalign(4096, 5000), 5000);
		touched(aligned_alloc(64, 6400), 6400);
		if (posix_memalign(&p, 256, 7000))
			return 1;
		touched(p, 7000);
	}
	return settled();
}

static int case_calloc(void)
{
	volatile size_t too_many = (size_t)-1;
	size_t i;

	for (i = 0; i < 100000; i++)
		touched(calloc(10, 20), 200);
	return settled() || calloc(too_many, 16) != NULL;
}

static int case_large(void)
{
	void *blocks[40];
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 40; i++)
			blocks[i] = touched(malloc(300000 + i), 300000);
		for (i = 0; i < 40 && round < 2; i++)
			free(blocks[i]);
	}
	return settled();
}

static int case_realloc(void)
{
	char *p = NULL;
	size_t len;

	for (len = 4096; len < 64 * MIB; len += len / 2) {
		p = touched(realloc(p, len), len);
		touched(malloc(len / 3), len / 3);
	}
	return settled();
}

static void *map(size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int case_mmap(void)
{
	char *p = touched(map(4 * MIB, PROT_READ | PROT_WRITE), 4 * MIB);

	p = mremap(p, 4 * MIB, 16 * MIB, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return 1;
	touched(p, 16 * MIB);
	return settled();
}

static int case_mprotect(void)
{
	char *p = map(900 * MIB, PROT_NONE);

	if (!p || mprotect(p + 100 * MIB, 8 * MIB, PROT_READ | PROT_WRITE))
		return 1;
	touched(p + 100 * MIB, 8 * MIB);
	return settled();
}

static int case_shared_is_left(void)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	touched(p, MIB);
	grow_small(MIB);
	return is_mergeable(p) != 0;
}

static void *thread_main(void *arg)
{
	grow_small(3 * MIB);
	return arg;
}

static int case_threads(void)
{
	pthread_t t[8];
	int i;

	for (i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, thread_main, NULL))
			return 1;
	for (i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	return settled();
}

static int wait_ok(pid_t pid)
{
	int status;

	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int case_fork(void)
{
	pthread_t t;
	pid_t pid;
	int i;

	/* while another thread looks */
	if (pthread_create(&t, NULL, thread_main, NULL))
		return 1;
	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid) {
			grow_small(8 * MIB);
			_exit(settled());
		}
		if (wait_ok(pid))
			return 1;
	}
	return pthread_join(t, NULL);
}

static int case_vfork(void)
{
	static int left = 50;

	while (left--) {
		pid_t pid;

		touched(malloc(100000), 100000);
		pid = vfork();
		if (!pid) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		if (wait_ok(pid))
			return 1;
	}
	return settled();
}

static int case_spawn(void)
{
	char *argv[] = { "true", NULL };
	pid_t pid;
	int i;

	for (i = 0; i < 50; i++) {
		touched(malloc(100000), 100000);
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) || wait_ok(pid))
			return 1;
	}
	return settled();
}

/* A container's first act: refused to a process with a second thread. */
static int case_userns(void)
{
	grow_small(MIB);
	return unshare(CLONE_NEWUSER);
}

static int case_errno(void)
{
	volatile size_t too_large = (size_t)-1 - 65536;

	errno = 12345;
	grow_small(20 * MIB);
	touched(map(MIB, PROT_READ | PROT_WRITE), MIB);
	if (errno != 12345)
		return 1;
	if (malloc(too_large) || errno != ENOMEM)
		return 2;
	if (mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
	    errno != EINVAL)
		return 3;
	errno = 12345;
	return mprotect((void *)1, 1, PROT_READ) != -1 || errno != EINVAL;
}

/* The numbers of descriptors are the program's; a standard one is never borrowed. */
static int case_descriptors(void)
{
	int fd;

	grow_small(20 * MIB);
	close(0);
	grow_small(20 * MIB);
	fd = open("/dev/null", O_RDONLY);
	if (fd != 0)
		return 1;
	fd = open("/dev/null", O_RDONLY);
	return fd != 3;
}

static int case_dlopen(void)
{
	void *lib = dlopen("libcases.so", RTLD_NOW); /* found through this program's RUNPATH */
	int (*grow)(size_t);
	int (*next)(void);

	if (!lib) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	grow = (int (*)(size_t))dlsym(lib, "grow_in_library");
	next = (int (*)(void))dlsym(lib, "finds_next");
	return !grow || !next || grow(20 * MIB) || !next() || settled();
}

/* 64 live blocks, each freed and taken anew in turn: the allocator asks the kernel for nothing. */
static void pairs(size_t n)
{
	void *live[64] = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		free(live[i % 64]);
		live[i % 64] = touched(malloc(16 + i % 1000), 16 + i % 1000);
	}
	for (i = 0; i < 64; i++)
		free(live[i]);
}

/* Nothing has changed between the two lines: the suite counts what strace saw. */
static int case_steady(void)
{
	grow_small(2 * MIB);
	pairs(1000000);
	write(2, "BEGIN\n", 6);
	pairs(2000000);
	write(2, "END\n", 4);
	return settled();
}

static void *many_pairs(void *unused)
{
	void *volatile live[64] = { 0 };
	unsigned i, rnd = 1;

	for (i = 0; i < 20000000; i++) {
		rnd = rnd * 1103515245 + 12345;
		free(live[i % 64]);
		live[i % 64] = malloc(16 + (rnd >> 22));
	}
	return unused;
}

/* Threads that allocate all the time and never rest: the suite counts the library's calls. */
static int case_four_steady_threads(void)
{
	pthread_t thread[4];
	unsigned i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, many_pairs, NULL))
			return 1;
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return settled();
}

static int case_chroot(void)
{
	/* a working look, then one that must do without /proc */
	int fd = open("/proc/self/smaps", O_RDONLY);

	if (fd < 0 || chroot("/sys/kernel/mm/ksm"))
		return 1;
	grow_small(30 * MIB);
	return settled_from(fd);
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "small", case_small },
	{ "heap_is_one", case_heap_is_one },
	{ "trim", case_trim },
	{ "aligned", case_aligned },
	{ "calloc", case_calloc },
	{ "large", case_large },
	{ "realloc", case_realloc },
	{ "mmap", case_mmap },
	{ "mprotect", case_mprotect },
	{ "shared_is_left", case_shared_is_left },
	{ "threads", case_threads },
	{ "fork", case_fork },
	{ "vfork", case_vfork },
	{ "spawn", case_spawn },
	{ "userns", case_userns },
	{ "errno", case_errno },
	{ "descriptors", case_descriptors },
	{ "dlopen", case_dlopen },
	{ "steady", case_steady },
	{ "four_steady_threads", case_four_steady_threads },
	{ "chroot", case_chroot },
	{ "signal", case_signal },
	{ "seccomp_strict", case_seccomp_strict },
	{ "seccomp_filter", case_seccomp_filter },
};

int main(int argc, char **argv)
{
	unsigned i;

	for (i = 0; argc == 2 && i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].run();
	return 64;
}
