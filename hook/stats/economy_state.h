/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one run of ksm-hook economize leaves for the next: which containers cost more than they
 * save, and since when. A container is not remembered by a name, which another may have later, but
 * by a process of it, which has to be in it still.
 */
#ifndef KSM_ECONOMY_STATE_H
#define KSM_ECONOMY_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "stats/economy.h"

#define ECONOMY_DIRECTORY "/run/ksm-hook"
#define ECONOMY_STATE     "economy"

/* More are not remembered, and wait for their turn. */
#define ECONOMY_RECORDS_MAX 4096

struct economy_record {
	pid_t pid;
	uint64_t start;
	struct economy_past past;
	struct container_name name; /* whose process it is; only if that is known */
	bool here;                  /* the process is there, and in that container */
};

struct economy_state {
	struct economy_record record[ECONOMY_RECORDS_MAX];
	size_t n;
};

/* Pure. What is no record, or one with impossible values, is left out. */
void economy_state_parse(const char *text, struct economy_state *out);

/* Pure. Returns the length; size is at least ECONOMY_TEXT_MAX. */
#define ECONOMY_TEXT_MAX ((size_t)ECONOMY_RECORDS_MAX * 126)
size_t economy_state_format(const struct economy_state *s, char *text, size_t size);

/*
 * Find out whose processes they are. Of none that is there: empty. 0, or -errno with err where it
 * is not root's alone.
 */
int economy_state_read(struct economy_state *out, struct error *err);
int economy_state_write(const struct economy_state *s, struct error *err);

/* Pure. *past is not known where no record's process is in the container. */
void economy_state_find(const struct economy_state *s, const struct container_name *name,
			struct economy_past *past);

/* Remember it by this process of it, if that is there. */
void economy_state_add(struct economy_state *s, pid_t pid, const struct economy_past *past);

#endif
