/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a container to be merged, and how: from its text and the configuration to a decision that
 * has been checked. The one way there, for every hook, the wrapper and doctor.
 *
 * Text of a container is a tenant's, so it is parsed in a sandbox, and what comes back is what
 * the tenant would like to be believed: oci/decision_check.c looks at every field of it. What
 * config.json says of programs and of nothing else is read in a sandbox of its own, which has
 * never seen a tenant's text: decision_settings().
 */
#ifndef KSM_DECISION_H
#define KSM_DECISION_H

#include "base/error.h"
#include "base/log.h"
#include "containers/conmon.h"
#include "oci/decision_types.h"
#include "oci/spec.h"
#include "policy/config_files.h"
#include "policy/policy.h"

struct decision_request;

/*
 * In the sandbox: say by policy what the request's text says. 0, or -errno with err. Whatever
 * it reads must have been in memory before.
 */
typedef int decision_reader(const struct decision_request *request,
			    const struct policy_config *policy, struct container_decision *out,
			    struct error *err);

struct decision_request {
	const char *config_path;            /* of config.json; NULL with a policy of its own */
	const struct policy_config *policy; /* what it says, where the caller has parsed it */
	const char *text;                   /* the container's; a NUL stands behind it */
	size_t len;
	const struct error *unread; /* why there is no text, or not all; NULL if there is */
	decision_reader *reader;    /* NULL: there is nothing to read */
	const void *keys;           /* for the reader, instead of a text or with one */
	enum container_engine
		engine; /* who wrote the text, where the caller knows it; or else: */
	const char *bundle,
		*id; /* of the bundle whose text this is; NULL if it says so itself */
	const struct conmon_args *monitor; /* for the readers: found where it is needed */
	const char *image_id, *project;    /* the same, as policy_subject has them */
	bool requests;      /* known to the caller: do not look for it in the text */
	const uid_t *owner; /* whose container it is; NULL: ours */
	bool by_runtime;    /* its user chose the runtime wrapper */
	int timeout_ms;
};

/* Readers of the state on a hook's stdin, and of a bundle's config.json. */
decision_reader decision_read_state, decision_read_spec;

/*
 * Decide. A container that did not ask costs no parsing at all: then 0, and the reason is
 * REASON_NONE. On -errno, which is that of the first thing that went wrong, out still says
 * whether merging is required: config.json may require it, and so may the container, and what
 * cannot be read says nothing. A sandbox that dies of the text does not take the word of
 * config.json with it.
 */
int decision_make(const struct decision_request *request, struct container_decision *out,
		  struct error *err);

/*
 * What config.json says that concerns no container; zero where it cannot be read. 0 also where it says
 * nothing, because it is none (out->failed).
 */
int decision_settings(const char *config_path, struct decision_settings *out,
		      struct error *err);

/*
 * config.json's text, read once for the whole program, for a look at its bytes: does it hold
 * this word, or an escape that could be it?
 */
bool decision_config_mentions(const char *config_path, const char *word);

/* Does it say nothing, because there is none or an empty one? */
bool decision_config_is_empty(const char *config_path);

/*
 * Could the text ask for merging? Most containers did not ask, and for them a look at the raw
 * bytes is all that a start should pay. A NUL stands behind the len bytes.
 */
bool decision_may_request(const char *text, size_t len);

#endif
