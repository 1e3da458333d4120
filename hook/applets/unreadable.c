/* SPDX-License-Identifier: Apache-2.0 */
/* Says which processes, and which places of the host, could not be looked at. */
#include "applets/unreadable.h"

#include <stddef.h>
#include <stdio.h>

#include "base/far_files.h"
#include "base/log.h"
#include "containers/identify.h"
#include "kernel/process.h"
#include "kernel/watched.h"

/* More would drown what else is said. */
#define LOGGED_MAX 10

static void log_cut_containers(void)
{
	size_t n;
	const struct watched_cut *cut = watched_cuts(&n);

	if (n)
		fflush(stdout);
	for (size_t i = 0; i < n && i < LOGGED_MAX; i++) {
		struct container_name name;

		if (!container_of(cut[i].pid, &name))
			container_host_name(cut[i].pid, &name);
		log_reason(
			LOG_LEVEL_WARNING, REASON_TARGET_SKIPPED,
			"%s:%s: the mappings of its processes take longer to be read than "
			"one container's may: what was to be read after process %d is left out",
			name.engine, name.id, cut[i].pid);
	}
	if (n > LOGGED_MAX)
		log_reason(LOG_LEVEL_WARNING, REASON_TARGET_SKIPPED,
			   "so it is with %zu more containers", n - LOGGED_MAX);
}

static void log_silent_places(void)
{
	const char *place;

	for (size_t i = 0; (place = far_silent_place(i)) != NULL; i++) {
		if (i == 0)
			fflush(stdout);
		log_reason(LOG_LEVEL_WARNING, REASON_HOST_UNREADABLE,
			   "%s: its file system does not answer (a file server?): what is "
			   "kept there, as names of containers, is not shown",
			   place);
	}
}

void unreadable_log(void)
{
	size_t n;
	const pid_t *pid = watched_lost(&n);

	/* behind what was printed, where both go to one place */
	if (n)
		fflush(stdout);
	for (size_t i = 0; i < n && i < LOGGED_MAX; i++) {
		struct container_name name;
		char command[64];

		if (!container_of(pid[i], &name))
			container_host_name(pid[i], &name);
		if (process_command(pid[i], command, sizeof(command)) < 0)
			command[0] = '\0';
		log_reason(
			LOG_LEVEL_WARNING, REASON_TARGET_UNREADABLE,
			"process %d (%s) of %s:%s holds up whoever looks at its memory (a file "
			"system that does not answer?): it is left out",
			pid[i], command, name.engine, name.id);
	}
	if (n > LOGGED_MAX)
		log_reason(LOG_LEVEL_WARNING, REASON_TARGET_UNREADABLE,
			   "%zu more processes are left out", n - LOGGED_MAX);
	log_cut_containers();
	log_silent_places();
}
