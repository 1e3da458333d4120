/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons. */
#ifndef KSM_OTHER_TUNERS_H
#define KSM_OTHER_TUNERS_H

#include <stdbool.h>
#include <sys/types.h>

struct other_tuner {
	const char *name;
	pid_t pid;
	char unit[128]; /* what systemctl calls it: the service that it runs in, or its name */
};

/* Is there one that runs on this host? */
bool other_tuner_find(struct other_tuner *out);

#endif
