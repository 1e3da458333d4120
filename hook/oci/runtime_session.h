/* SPDX-License-Identifier: Apache-2.0 */
/* The container that an exec session goes into, as its runtime has written it down. */
#ifndef KSM_RUNTIME_SESSION_H
#define KSM_RUNTIME_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/runtime_args.h"

/* The init: what its number means now, as long as it lives. */
struct session_init {
	pid_t pid;
	int pidfd; /* the owner's to close; -1: none */
};

/*
 * Find the init of the container that facts name, where runtime ("runc", "crun"; NULL: either)
 * keeps its state. A directory or a file that others can write to, or that is a link, is not
 * believed, and neither is a number that by now is another process's. -ENOENT: there is no
 * such container; -EPERM, -ESRCH and others with err.
 */
int session_find_init(const struct argv_facts *facts, const char *runtime,
		      struct session_init *out, struct error *err);

/* Has it not ended? What was read of /proc/PID before was its own then. */
bool session_init_lives(const struct session_init *init);

#endif
