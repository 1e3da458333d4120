/* SPDX-License-Identifier: Apache-2.0 */
/* Says whether one of its own mappings is mergeable ("mg" in smaps): built for i386. */
#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "r");
	int mergeable = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " mg"))
			mergeable = 1;
	puts(mergeable ? "yes" : "no");
	return 0;
}
