/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons. */
#ifndef KSM_OTHER_TUNERS_H
#define KSM_OTHER_TUNERS_H

#include <stdbool.h>
#include <sys/types.h>

struct other_tuner {
	const char *name;
	pid_t pid;
	/* the command that does: of the service that it runs in, if it is in one */
	char stop[160];
};

/* Is there one that runs on this host? */
bool other_tuner_find(struct other_tuner *out);

#endif
