/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime wrapper decides before it becomes the runtime that it stands in front of. */
#ifndef KSM_RUNTIME_DECISION_H
#define KSM_RUNTIME_DECISION_H

#include <limits.h>

#include "oci/decision.h"
#include "oci/runtime_args.h"
#include "oci/runtime_session.h"

struct runtime_request {
	const char *config_path;
	const char *preload_library; /* mounted into the container where the kernel needs it */
	const char *runtime;  /* the one that this stands for; NULL: the first of "runtimes" */
	bool by_name;         /* the name of this program is an opt-in */
	const char *delegate; /* the program that this becomes: an absolute path */
	struct argv_facts facts;
	struct decision_settings settings; /* by runtime_settings() */
};

struct runtime_decision {
	struct container_decision c;
	struct session_init init; /* for exec, where it was found; lives as long as we */
	bool has_spec;            /* c.spec has been read, from text */
	const char *text;         /* the bundle's config.json, for create */
	size_t len;
	char bundle[PATH_MAX]; /* absolute; empty if not known */
	bool layouts;          /* config.json mentions shared layouts */
};

/*
 * What config.json says of the runtime, before the arguments are known, and of the log, for
 * sessions, behind that. Zero where it says nothing.
 */
void runtime_settings(struct runtime_request *request);

/*
 * Read what the command needs and decide. On an error, which means that the container is not
 * to be merged, out still says whether that is required.
 */
int runtime_decide(const struct runtime_request *request, struct runtime_decision *out,
		   struct error *err);

/* What was decided at a glance has read no spec: do that where it is needed. 0 or -errno. */
int runtime_read_spec(const struct runtime_request *request, struct runtime_decision *out,
		      struct error *err);

#endif
