/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose main thread has ended while another one runs on, with memory of its own:
 *
 *   leaderless NAME PAGES [merge]
 *
 * NAME is what the process calls itself. Equal runs have equal pages. Says "ready" and stays
 * until its input ends.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Is the main thread a zombie? Its state stands behind the name, which may hold anything. */
static int has_ended(void)
{
	char text[1024] = "", *p;
	FILE *f = fopen("/proc/self/stat", "r");

	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f) && !feof(f))
		text[0] = '\0';
	fclose(f);
	p = strrchr(text, ')');
	return p && p[1] == ' ' && p[2] == 'Z';
}

static void *run_on(void *arg)
{
	char c;

	(void)arg;
	while (!has_ended())
		usleep(1000);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	const long page = sysconf(_SC_PAGESIZE);
	long pages = argc > 2 ? atol(argv[2]) : 0;
	pthread_t thread;
	char *at;

	if (pages <= 0)
		return 2;
	prctl(PR_SET_NAME, argv[1]);
	/* PR_SET_MEMORY_MERGE */
	if (argc > 3 && prctl(67, 1, 0, 0, 0) < 0)
		return 3;
	at = mmap(NULL, (size_t)(pages * page), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return 1;
	madvise(at, (size_t)(pages * page), MADV_NOHUGEPAGE);
	for (long i = 0; i < pages; i++)
		memset(at + i * page, (int)(i % 255) + 1, (size_t)page);
	if (pthread_create(&thread, NULL, run_on, NULL) != 0)
		return 1;
	pthread_exit(NULL);
}
