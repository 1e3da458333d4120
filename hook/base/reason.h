/* SPDX-License-Identifier: Apache-2.0 */
/* Why something was decided, or failed: codes for logs, JSON and tests, which never change. */
#ifndef KSM_REASON_H
#define KSM_REASON_H

/*
 * No decision depends on the wording of a message: what another piece of the program, a script
 * or a test has to know of a reason, it knows by this. By domain, alphabetical in each. A new
 * one needs its name in reason.c and its line in tests/unit/base/reason.c.
 */
enum reason {
	REASON_NONE, /* nothing happened, or what happened has no code of its own */

	/* policy: is a container to be merged? */
	REASON_CONTAINERS_ALL,   /* config.json says "containers": "all" */
	REASON_CONTAINERS_NONE,  /* config.json says "containers": "none" */
	REASON_DENIED_BY_RULE,   /* a rule of "deny" matches */
	REASON_NOT_ALLOWED,      /* there is "allow", and no rule of it matches */
	REASON_NOT_REQUESTED,    /* the container does not ask for it */
	REASON_OPTED_OUT,        /* the container asks not to be merged */
	REASON_REQUESTED,        /* the container asks for it */
	REASON_RUNTIME_REQUESTS, /* its user chose the runtime wrapper, which asks for it */

	/* policy: is its layout to be shared? */
	REASON_LAYOUT_GROUP_DENIED,      /* "deny_groups" has the group */
	REASON_LAYOUT_GROUP_NAME,        /* the group's name is no valid one */
	REASON_LAYOUT_GROUP_NOT_ALLOWED, /* "allow_groups" does not have the group */
	REASON_LAYOUT_GROUP_UNKNOWN,     /* nothing says which group it would be */
	REASON_LAYOUT_LIMIT_AS,          /* the container has a limit on its address space */
	REASON_LAYOUT_LIMIT_STACK,       /* the container has a stack limit of its own */
	REASON_LAYOUT_NOT_ENABLED,       /* config.json has no "shared_layout": true */
	REASON_LAYOUT_PERSONALITY,       /* the container has a personality(2) of its own */

	/* oci: a session in a container that runs is what the container is */
	REASON_SESSION_MERGEABLE,
	REASON_SESSION_NOT_MERGEABLE,
	REASON_SESSION_UNKNOWN,

	REASON_COUNT
};

/* "denied-by-rule"; "none" for REASON_NONE and whatever is no reason. */
const char *reason_name(enum reason reason);

#endif
