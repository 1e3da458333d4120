/* SPDX-License-Identifier: Apache-2.0 */
/* After a start ksmd scans hard while there is something new, then steps down. */
#ifndef KSM_BOOST_H
#define KSM_BOOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ksmd/settings.h"

/*
 * Something has been made mergeable. Where `ksm-hook enable` allowed it, a process of its own
 * drives ksmd until that is merged; where one runs already, it goes on for longer. Never
 * fails, says nothing and keeps errno: without it all is merged as well, only later.
 * stays: the caller does not end soon, or becomes another program, and must not find a child
 * that it does not know.
 */
void boost_start(bool stays);

/* enable and disable, with the directory locked: */

/* From now on starts do the above. */
int boost_allow(int dir, struct error *err);

/*
 * From now on they do not; what runs is stopped, and what a killed one left is put right. With
 * t as enable left it. *was: it was allowed before.
 */
int boost_forbid(int dir, const struct ksmd_enabled *t, bool *was, struct error *err);

enum boost_phase {
	BOOST_FORBIDDEN, /* starts do not make ksmd faster */
	BOOST_AT_REST,   /* they do, and none has just now */
	BOOST_RUNNING,
	BOOST_KILLED, /* its process is gone, and its rate is still set */
};

/* What `ksm-hook enable` set, and what boosts have made of it. */
struct boost_status {
	const struct ksmd_profile *profile;
	int64_t pages_to_scan, sleep_ms; /* at rest; -1 unknown */
	enum boost_phase phase;
};

/*
 * 0; -ENOENT where enable was not run since the boot, or was undone; -errno where that cannot
 * be read.
 */
int boost_query(struct boost_status *out);

#endif
