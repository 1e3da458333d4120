/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: the parent of a vfork, which cannot be stopped until its child executes. */
#include <sys/wait.h>
#include <time.h>

#include "victim.h"

static void vfork_once(void)
{
	static char *argv[] = { "true", NULL };
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	volatile int64_t start = us();
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		nanosleep(&t, NULL);
		execv("/bin/true", argv);
		_exit(127);
	}
	if (pid < 0)
		fail("vfork: %s", strerror(errno));
	check_time("vfork", start, call_ms);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("the child ended with status 0x%x", status);
	victim_called();
}

int main(int argc, char **argv)
{
	victim_start(argc, argv);
	victim_ready();
	while (victim_goes_on())
		vfork_once();
	return victim_end();
}
