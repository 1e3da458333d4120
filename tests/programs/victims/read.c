/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: read on a pipe into which data comes later. SIGUSR1 must not disturb it. */
#include "victim.h"

int main(int argc, char **argv)
{
	uint32_t expected = 0;
	int fd;

	victim_start(argc, argv);
	fd = feeder_start();
	victim_ready();
	while (victim_goes_on())
		feeder_check(fd, &expected);
	return victim_end();
}
