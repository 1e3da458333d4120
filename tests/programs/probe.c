/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of its address space, or makes use of it as programs do. */
/*
 *	probe			personality, stack limit and addresses, a line each
 *	probe threads N		start N threads at once; "N threads"
 *	probe limit BYTES CMD	set the soft stack limit, then execute CMD
 *	probe deep BYTES	use that much of the stack
 *	probe spread N		start itself N times: for each kind of address over how many pages, as
 *				a power of two, it was spread, the lowest and the highest
 *	probe plain CMD		execute CMD without randomization
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static int threads(int n)
{
	static pthread_t list[4096];
	int made = 0;

	if (n > 4096)
		return 1;
	pthread_mutex_lock(&gate);
	while (made < n && pthread_create(&list[made], NULL, wait_at_gate, NULL) == 0)
		made++;
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < made; i++)
		pthread_join(list[i], NULL);
	printf("%d threads\n", made);
	return made == n ? 0 : 1;
}

static int deep(long bytes)
{
	volatile char room[65536];

	room[0] = (char)bytes;
	return bytes <= 0 ? room[0] : deep(bytes - (long)sizeof(room)) + room[0];
}

struct spread {
	const char *name;
	uintptr_t low, high;
};

static void note(struct spread *s, uintptr_t addr)
{
	s->low = !s->low || addr < s->low ? addr : s->low;
	s->high = addr > s->high ? addr : s->high;
}

/* To the nearest: a thousand places leave out a thousandth of the whole at each end. */
static int spread_bits(const struct spread *s)
{
	/* what has half a bit more is rounded up: 1.414 is the root of two */
	uintptr_t pages = (s->high - s->low) / (uintptr_t)sysconf(_SC_PAGESIZE) * 1414 / 1000;
	int bits = 0;

	while (pages >>= 1)
		bits++;
	return bits;
}

static int spread(int n)
{
	struct spread all[] = { { .name = "program" },
				{ .name = "heap" },
				{ .name = "mapping" },
				{ .name = "stack" } };
	char line[80], name[16];
	void *addr;

	while (n-- > 0) {
		FILE *f = popen("exec /proc/$PPID/exe", "r");

		while (f && fgets(line, sizeof(line), f)) {
			for (int i = 0; i < 4; i++) {
				if (sscanf(line, "%15s %p", name, &addr) == 2 &&
				    strcmp(name, all[i].name) == 0)
					note(&all[i], (uintptr_t)addr);
			}
		}
		if (!f || pclose(f) != 0)
			return 1;
	}
	for (int i = 0; i < 4; i++)
		printf("%s %d bits, %#lx to %#lx\n", all[i].name, spread_bits(&all[i]),
		       (unsigned long)all[i].low, (unsigned long)all[i].high);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit stack;
	void *heap;

	if (argc > 2 && strcmp(argv[1], "threads") == 0)
		return threads(atoi(argv[2]));
	if (argc > 2 && strcmp(argv[1], "deep") == 0) {
		(void)deep(atol(argv[2]));
		puts("deep");
		return 0;
	}
	if (argc > 2 && strcmp(argv[1], "spread") == 0)
		return spread(atoi(argv[2]));
	if (argc > 2 && strcmp(argv[1], "plain") == 0) {
		personality(ADDR_NO_RANDOMIZE);
		execv(argv[2], argv + 2);
		return 1;
	}
	getrlimit(RLIMIT_STACK, &stack);
	if (argc > 3 && strcmp(argv[1], "limit") == 0) {
		stack.rlim_cur = (rlim_t)atol(argv[2]);
		setrlimit(RLIMIT_STACK, &stack);
		execv(argv[3], argv + 3);
		return 1;
	}
	printf("personality %x\n", (unsigned)personality(0xffffffff));
	printf("limit %llu\n", (unsigned long long)stack.rlim_cur);
	printf("program %p\n", (void *)&gate);
	heap = malloc(1);
	printf("heap %p\n", heap);
	free(heap);
	printf("mapping %p\n",
	       mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	printf("stack %p\n", (void *)&stack);
	printf("uid %d %d\n", getuid(), geteuid());
	return 0;
}
