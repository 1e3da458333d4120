/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: waitpid for a child that ends after a while. */
#include <sys/wait.h>
#include <time.h>

#include "victim.h"

static void wait_once(void)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	int64_t start = us();
	int status = -1;
	pid_t pid = fork(), r;

	if (pid == 0) {
		nanosleep(&t, NULL);
		_exit(42);
	}
	while ((r = waitpid(pid, &status, 0)) == 0)
		victim_cut();
	if (r != pid)
		fail("waitpid returned %d (%s)", r, r < 0 ? strerror(errno) : "another child");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 42)
		fail("waitpid gave the status 0x%x", status);
	check_time("waitpid", start, call_ms);
	victim_called();
}

int main(int argc, char **argv)
{
	victim_start(argc, argv);
	victim_ready();
	while (victim_goes_on())
		wait_once();
	return victim_end();
}
