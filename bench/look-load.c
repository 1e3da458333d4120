/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something to look at: cgroups named as docker's containers, with processes that sleep.
 *
 *   look-load CGROUP CONTAINERS PROCESSES PAGES KIND
 *
 * Below the directory CGROUP of a cgroup tree. Every page is equal to one of each other
 * process or container, and to none of its own. KIND says whose the PAGES are:
 *   exec   of each process, which executes a program of its own
 *   fork   the first one's, which the others have from it by fork
 *   own    of each process, written after the fork, at the same addresses
 *   huge   as exec, in huge pages
 *   none   as exec, and not mergeable
 * Where the kernel has no prctl(PR_SET_MEMORY_MERGE), madvise makes them mergeable.
 * Says "ready" and stays until its input ends; takes everything with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE_ (2u << 20)

static void die(const char *what)
{
	fprintf(stderr, "look-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int by_madvise;

/* PR_SET_MEMORY_MERGE: again after exec, since there are kernels that lose it */
static void make_mergeable(const char *kind)
{
	by_madvise = strcmp(kind, "none") != 0 && prctl(67, 1, 0, 0, 0) < 0;
}

static void fill(long pages, int huge)
{
	const long page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)(pages * page);
	char *at = mmap(NULL, size + HUGE_, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	at += (HUGE_ - (uintptr_t)at % HUGE_) % HUGE_;
	if (pages)
		madvise(at, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (by_madvise && pages && madvise(at, size, MADV_MERGEABLE) < 0)
		die("madvise");
	for (long i = 0; i < pages; i++) {
		memset(at + i * page, 0x5a, (size_t)page);
		*(long *)(at + i * page) = i;
	}
}

static void say(int fd)
{
	if (write(fd, "", 1) != 1)
		die("pipe");
}

static void stay(void)
{
	for (;;)
		pause();
}

static void dies_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void lead(long processes, long pages, const char *kind, int ready)
{
	char text[24], fd[12];

	make_mergeable(kind);
	if (strcmp(kind, "fork") == 0)
		fill(pages, 0);
	snprintf(text, sizeof(text), "%ld", pages);
	snprintf(fd, sizeof(fd), "%d", ready);
	for (long i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		dies_with_parent();
		if (strcmp(kind, "own") == 0)
			fill(pages, 0);
		else if (strcmp(kind, "fork") != 0)
			execl("/proc/self/exe", "look-work", text, kind, fd, (char *)NULL);
		say(ready);
		stay();
	}
	if (strcmp(kind, "fork") != 0)
		fill(pages, strcmp(kind, "huge") == 0);
	say(ready);
	stay();
}

static void enter(const char *dir)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static void container(char *path, size_t size, const char *base, long i)
{
	snprintf(path, size, "%s/docker/%064lx", base, i + 0xc0ffee);
}

int main(int argc, char **argv)
{
	long containers, processes, pages, all;
	char path[400];
	int ready[2];

	if (argc == 4 && strcmp(argv[0], "look-work") == 0) {
		make_mergeable(argv[2]);
		fill(atol(argv[1]), strcmp(argv[2], "huge") == 0);
		say(atoi(argv[3]));
		stay();
	}
	if (argc != 6) {
		fprintf(stderr, "usage: look-load CGROUP CONTAINERS PROCESSES PAGES KIND\n");
		return 2;
	}
	containers = atol(argv[2]);
	processes = atol(argv[3]);
	pages = atol(argv[4]);
	all = containers * processes;
	if (pipe(ready) < 0)
		die("pipe");
	snprintf(path, sizeof(path), "%s/docker", argv[1]);
	if (mkdir(path, 0755) < 0)
		die(path);
	for (long i = 0; i < containers; i++) {
		container(path, sizeof(path), argv[1], i);
		if (mkdir(path, 0755) < 0)
			die(path);
		if (fork() == 0) {
			dies_with_parent();
			enter(path);
			lead(processes, pages, argv[5], ready[1]);
		}
	}
	while (all > 0) {
		char some[4096];
		ssize_t n = read(ready[0], some, sizeof(some));

		if (n <= 0)
			die("a process failed");
		all -= n;
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, path, sizeof(path)) > 0)
		;
	for (long i = 0; i < containers; i++) {
		int fd;

		container(path, sizeof(path), argv[1], i);
		strncat(path, "/cgroup.kill", sizeof(path) - strlen(path) - 1);
		fd = open(path, O_WRONLY);
		if (fd < 0 || write(fd, "1", 1) != 1)
			kill(0, SIGTERM);
		close(fd);
	}
	while (wait(NULL) > 0)
		;
	for (long i = 0; i < containers; i++) {
		container(path, sizeof(path), argv[1], i);
		/* what was killed leaves its cgroup a moment later */
		for (int k = 0; rmdir(path) < 0 && errno == EBUSY && k < 1000; k++)
			usleep(1000);
	}
	snprintf(path, sizeof(path), "%s/docker", argv[1]);
	return rmdir(path) == 0 ? 0 : 1;
}
