/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons, known by the names of their processes. */
#include "ksmd/other_tuners.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

static const char *const tuners[] = { "ksmtuned", "uksmd" };

struct tuner_search {
	const char *name;
	pid_t pid;
};

static int is_other_tuner(pid_t pid, void *arg)
{
	struct tuner_search *found = arg;
	struct container_name in;
	struct proc_stat st;
	char comm[32];

	if (proc_read(pid, "comm", comm, sizeof(comm)) <= 0)
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(tuners); i++) {
		/* what a container calls its processes says nothing of the host */
		if (strcmp(comm, tuners[i]) == 0 && !container_of(pid, &in) &&
		    proc_stat(pid, &st) == 0 && st.state != 'Z') {
			*found = (struct tuner_search){ tuners[i], pid };
			return 1;
		}
	}
	return 0;
}

const char *other_tuner_find(pid_t *pid)
{
	struct tuner_search found = { 0 };

	(void)proc_for_each(is_other_tuner, &found);
	*pid = found.pid;
	return found.name;
}
