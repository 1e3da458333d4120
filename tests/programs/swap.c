/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges the name A with each of the others in turn, as fast as it can, until SIGTERM: swap A
 * B... [-- A2 B2...]. Then each A is what it was, and how often one was not is printed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

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
		int first = 1;

		for (int i = 2; i < argc; i++) {
			if (strcmp(argv[i], "--") == 0) {
				first = ++i;
				continue;
			}
			exchange(argv[first], argv[i]);
			exchange(argv[first], argv[i]);
			n++;
		}
	}
	printf("%lu\n", n);
	return 0;
}
