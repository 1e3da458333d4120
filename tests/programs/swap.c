/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges the name A with each of the others in turn, as fast as it can, until SIGTERM: swap A
 * B... Then A is what it was, and how often it was not is printed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t ended;

static void end(int sig)
{
	ended = sig;
}

static void exchange(const char *a, const char *b)
{
	if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
		perror(a);
}

int main(int argc, char **argv)
{
	unsigned long n = 0;

	signal(SIGTERM, end);
	while (!ended && argc > 2) {
		for (int i = 2; i < argc; i++, n++) {
			exchange(argv[1], argv[i]);
			exchange(argv[1], argv[i]);
		}
	}
	printf("%lu\n", n);
	return 0;
}
