/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a child. */
#include "base/child.h"

#include <errno.h>
#include <stddef.h>
#include <sys/wait.h>

int child_wait(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}
