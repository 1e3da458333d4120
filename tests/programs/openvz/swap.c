/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that works against the host: exchanges names below ROOT as fast as it
 * can, until it is killed. Each PAIR is "a:b", two paths below ROOT.
 *
 *	openvz_swap ROOT PAIR...
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

int main(int argc, char **argv)
{
	if (argc < 3 || chroot(argv[1]) < 0 || chdir("/") < 0) {
		fprintf(stderr, "usage: openvz_swap ROOT A:B...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		char *colon = strchr(argv[i], ':');

		if (!colon)
			return 2;
		*colon = '\0';
	}
	for (;;) {
		for (int i = 2; i < argc; i++)
			/* fails while something is mounted there, or was cleaned away */
			syscall(SYS_renameat2, AT_FDCWD, argv[i], AT_FDCWD,
				strchr(argv[i], '\0') + 1, RENAME_EXCHANGE);
	}
}
