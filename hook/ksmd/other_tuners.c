/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs that drive ksmd, known by the names of their processes. */
#include "ksmd/other_tuners.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

static const char *const tuners[] = { "ksmtuned", "uksmd" };

static const char *tuner_of(pid_t pid)
{
	struct container_name in;
	struct proc_stat st;
	char comm[32];

	if (proc_read(pid, "comm", comm, sizeof(comm)) <= 0)
		return NULL;
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(tuners); i++) {
		/* what a container calls its processes says nothing of the host */
		if (strcmp(comm, tuners[i]) == 0 && !container_of(pid, &in) &&
		    proc_stat(pid, &st) == 0 && st.state != 'Z')
			return tuners[i];
	}
	return NULL;
}

const char *tuner_find(pid_t *pid)
{
	DIR *dir = opendir("/proc");
	const char *found = NULL;

	while (dir && !found && (*pid = proc_next(dir)) != 0)
		found = tuner_of(*pid);
	if (dir)
		closedir(dir);
	return found;
}
