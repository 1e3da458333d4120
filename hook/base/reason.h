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
	REASON_DENIED_UNKNOWN,   /* a rule of "deny" asks for what the engine does not tell */
	REASON_NOT_ALLOWED,      /* there is "allow", and no rule of it matches */
	REASON_NOT_REQUESTED,    /* the container does not ask for it */
	REASON_OBSERVED,         /* config.json says "mode": "observe" */
	REASON_OPTED_OUT,        /* the container asks not to be merged */
	REASON_REQUESTED,        /* the container asks for it */
	REASON_RUNTIME_REQUESTS, /* its user chose the runtime wrapper, which asks for it */

	/* policy: is its layout to be shared? */
	REASON_LAYOUT_GROUP_DENIED,      /* "deny_groups" has the group */
	REASON_LAYOUT_GROUP_NAME,        /* the group's name is no valid one */
	REASON_LAYOUT_GROUP_NOT_ALLOWED, /* "allow_groups" does not have the group */
	REASON_LAYOUT_GROUP_UNKNOWN,     /* nothing says which group it would be */
	REASON_LAYOUT_IMAGE_UNKNOWN, /* "shared_layout": "image", and no engine tells its image */
	REASON_LAYOUT_LIMIT_AS,      /* the container has a limit on its address space */
	REASON_LAYOUT_LIMIT_STACK,   /* the container has a stack limit of its own */
	REASON_LAYOUT_NOT_ENABLED,   /* config.json has no "shared_layout": true */
	REASON_LAYOUT_PERSONALITY,   /* the container has a personality(2) of its own */

	/* policy: config.json itself */
	REASON_CONFIG_INVALID,    /* it is no JSON, or says what it must not */
	REASON_CONFIG_UNREADABLE, /* it cannot be read */
	REASON_CONFIG_UNTRUSTED,  /* others than root can write it */

	/* oci: what the runtime hands over */
	REASON_HOOK_MISPLACED, /* the hook is registered where it cannot do its work */
	REASON_INIT_FOREIGN,   /* the process is none of the container that is being started */
	REASON_INIT_GONE,      /* there is no such process */
	REASON_INIT_MISSING, /* the state has no process: a hook of a stage that is too early */
	REASON_SPEC_INVALID, /* the container's config.json is none */
	REASON_SPEC_TRUNCATED, /* the container's config.json ends too early, or something follows it */
	REASON_SPEC_UNREADABLE, /* the container's config.json cannot be read, or is too long */
	REASON_STATE_INVALID,   /* the container state is none */
	REASON_STATE_UNREADABLE, /* the container state cannot be read, or is too long */

	/* oci: the sandbox in which text of containers is parsed */
	REASON_PARSER_FAILED,  /* it died, was killed, or could not be made */
	REASON_PARSER_REPLY,   /* what it sent is none of its replies */
	REASON_PARSER_TIMEOUT, /* it took too long */

	/* oci: the method that was chosen, or that the kernel needs */
	REASON_EDIT_FAILED,          /* the container's config.json could not be replaced */
	REASON_KERNEL_LOSES_AT_EXEC, /* mergeability does not survive exec on this kernel */
	REASON_KERNEL_NO_KSM,        /* this kernel has no KSM */
	REASON_KERNEL_NO_PRCTL,      /* this kernel has no PR_SET_MEMORY_MERGE */
	REASON_PRELOAD_ARCHITECTURE, /* the program is for another architecture than the library */
	REASON_PRELOAD_ENVIRONMENT,  /* process.env has no place for LD_PRELOAD */
	REASON_PRELOAD_FOREIGN_COPY, /* the container has such a library of its own */
	REASON_PRELOAD_LIBRARY,      /* the library on the host cannot be used */
	REASON_PRELOAD_MISSING,      /* the container's config.json does not name the library */
	REASON_PRELOAD_MOUNTS,       /* there is no place to mount the library at */
	REASON_PRELOAD_OPTED_OUT,    /* the container's environment asks not to be merged */
	REASON_PRELOAD_PROCESS,      /* the container's config.json has no process */
	REASON_PRELOAD_RESTORED,     /* a restored container has the libraries that it had */
	REASON_PRELOAD_SECCOMP_KILLS, /* its seccomp profile would kill for a call of the library */
	REASON_PRELOAD_SECCOMP_REFUSES, /* its seccomp profile refuses a call that the library needs */
	REASON_PRELOAD_STATIC,          /* the program is linked statically */
	REASON_PRELOAD_SANITIZER, /* the program is built with one that has to come first */

	/* oci: a session in a container that runs is what the container is */
	REASON_SESSION_MERGEABLE,
	REASON_SESSION_NOT_MERGEABLE,
	REASON_SESSION_UNKNOWN,

	/* economize: does merging a container pay? */
	REASON_ECONOMY_AGAIN,      /* pieces were left out for long enough, or it has grown */
	REASON_ECONOMY_BY_MADVISE, /* its program made its memory mergeable by itself */
	REASON_ECONOMY_COSTS_MORE, /* merging it costs more than it saves */
	REASON_ECONOMY_NARROWED,   /* only pieces of it are scanned */
	REASON_ECONOMY_NOT_KNOWN,  /* what it costs and saves was not to be read */
	REASON_ECONOMY_OFF,        /* the configuration, or the container, wants none of it */
	REASON_ECONOMY_PAYS,       /* merging it saves more than it costs */
	REASON_ECONOMY_PIECES,     /* it pays, and parts of it hold nothing that is merged */
	REASON_ECONOMY_SHARED_LAYOUT, /* it shares its layout with a group */
	REASON_ECONOMY_SMALL,         /* it costs too little to be worth it */
	REASON_ECONOMY_WATCHED, /* it costs more than it saves, and has not done so for long enough */

	/* nri: the runtime that the node's agent serves */
	REASON_NRI_PROTOCOL,    /* the runtime sent what NRI does not have */
	REASON_NRI_UNREACHABLE, /* there is no connection to the runtime */

	/* inject: a process that is to be made mergeable, or to be so no longer */
	REASON_TARGET_BUSY,        /* it did not enter the kernel in time */
	REASON_TARGET_ENDED,       /* it has ended */
	REASON_TARGET_SECCOMP,     /* it is under a seccomp filter, which we may not suspend */
	REASON_TARGET_SKIPPED,     /* not tried: others of its container took up its time */
	REASON_TARGET_SPARSE,      /* it has more empty address space than "max_sparse" */
	REASON_TARGET_TRACED,      /* another process traces it */
	REASON_TARGET_UNREADABLE,  /* its mmap lock is held: who looks at it would wait */
	REASON_TARGET_UNTRACEABLE, /* we may not trace it */

	/* the host */
	REASON_HOST_HEADROOM, /* there is no memory for the copies that unmerging makes */
	REASON_HOST_NOT_RELOADED, /* an engine has not read its configuration since it was changed */
	REASON_HOST_OTHER_TUNER, /* another program tunes ksmd */
	REASON_HOST_STOPPED,     /* `ksm-hook stop`: nothing is made mergeable */
	REASON_HOST_UNREADABLE, /* a file system, on which an engine keeps something, does not answer */

	REASON_COUNT
};

/* "denied-by-rule"; "none" for REASON_NONE and whatever is no reason. */
const char *reason_name(enum reason reason);

#endif
