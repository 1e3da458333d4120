/* SPDX-License-Identifier: Apache-2.0 */
/* What the administrator's configuration says, and what is decided by it. */
#ifndef KSM_POLICY_TYPES_H
#define KSM_POLICY_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/reason.h"
#include "policy/annotations.h"

/* More rules than this in config.json is an error. */
#define POLICY_RULES_MAX 64

enum policy_containers { CONTAINERS_ANNOTATED, CONTAINERS_ALL, CONTAINERS_NONE };
enum policy_method { METHOD_AUTO, METHOD_INJECT, METHOD_PRELOAD };

/*
 * Matches a container of which everything fits that is given: an annotation whose value fits
 * the glob(7) pattern match, and the engine's word for each of glob.
 */
struct policy_rule {
	const char *annotation;
	const char *match;
	const char *glob[TRUSTED_KEYS]; /* by enum trusted_key */
	/* the first key that this version does not understand: nobody can tell whether it fits */
	const char *foreign;
	const char *file;    /* where it stands: "conf.d/50-site.json"; NULL: config.json */
	size_t line, column; /* 0: not known */
};

struct policy_rules {
	struct policy_rule rule[POLICY_RULES_MAX];
	size_t n;
};

/* glob(7) patterns of groups' names */
struct policy_globs {
	const char *glob[POLICY_RULES_MAX];
	size_t n;
};

/* More runtimes than this are an error too. */
#define POLICY_RUNTIMES_MAX 8

/*
 * config.json; all zero is the default. The rules come first: what every decision looks at is behind
 * them, within a page or two.
 */
struct policy_config {
	struct policy_rules deny, allow;
	struct policy_globs allow_groups, deny_groups;
	enum policy_containers containers;
	enum policy_method method;
	bool observe;    /* "mode": "observe": decide, say it, and make nothing mergeable */
	bool audit;      /* a line in syslog for each decision */
	bool by_runtime; /* not in the file: the user opted in by choosing the runtime wrapper */
	bool required;
	bool allow_unknown; /* "unknown": "allow": what no engine tells is not denied for that */
	bool shared_layout;
	bool shared_by_image; /* "shared_layout": "image": also those that say nothing of it */
	bool shared_v8;       /* those that share a layout may share a seed of V8's */
	bool no_economy; /* "economy": "off": `ksm-hook economize` leaves all containers alone */
	unsigned owner;  /* not in the file: the user whose containers these are, 0 for root */
	const char *runtime[POLICY_RUNTIMES_MAX]; /* names or absolute paths */
	size_t runtimes;
	int64_t max_sparse; /* bytes; 0: no bound */
	bool log_given;
	enum log_level log;
	char warning[320]; /* the first thing that was not understood; empty if there is none */
};

/* The name of a group, with its NUL. */
#define POLICY_GROUP_MAX 184

struct decision {
	bool merge;
	bool would; /* merge, if it were not observed only */
	bool audit; /* the administrator wants to hear of it */
	bool required;
	bool no_economy; /* `ksm-hook economize` is to leave it alone */
	bool v8;         /* has the group's seed of V8's, if it has a group */
	enum policy_method method;
	enum reason reason;          /* why so; REASON_NONE: nothing was decided */
	enum reason unshared_reason; /* why its layout is not shared, where it asked for that */
	char text[160];              /* the reason in words, for the log */
	char warning[480];           /* values that were not understood; empty if none */
	char group[POLICY_GROUP_MAX]; /* shares its layout with this group; empty: private */
	char unshared[144];           /* unshared_reason in words; empty if it did not ask */
};

#endif
