/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook stages share: options, the decision, the exit status. */
#ifndef KSM_HOOK_STAGE_H
#define KSM_HOOK_STAGE_H

#include <sys/types.h>

#include "base/options.h"
#include "oci/decision.h"
#include "policy/policy.h"

/* What the options of every stage set. */
struct hook_options {
	const char *config_path;
};

#define HOOK_OPTION_CONFIG                                              \
	OPTION_TEXT(struct hook_options, config_path, "config", "FILE", \
		    "read this configuration instead of\n" CONFIG_PATH)

enum hook_next {
	HOOK_DONE,  /* this container is none of ours: *status is the exit status */
	HOOK_MERGE, /* merge it, as *decision says */
};

/* Parse the stage's options, read the state from stdin and the configuration, decide. */
enum hook_next hook_begin(const struct command_syntax *syntax, int argc, char **argv,
			  struct container_decision *decision, int *status);

/*
 * The same for a stage behind the container's end: HOOK_MERGE if it may have been merged when it
 * was started, whatever is decided now that its processes are gone.
 */
enum hook_next hook_begin_last(const struct command_syntax *syntax, int argc, char **argv,
			       struct container_decision *decision, int *status);

/* What a container says of itself where there is no OCI state. */
struct hook_request {
	const char *id;
	pid_t pid; /* for the log */
	struct policy_subject subject;
	int result; /* 0, or -errno with err: some of it cannot be read */
	struct error err;
};

/* The same where the caller has read what the container says: stdin is left alone. */
enum hook_next hook_begin_request(const struct command_syntax *syntax, int argc, char **argv,
				  const struct hook_request *request,
				  struct container_decision *decision, int *status);

/*
 * The exit status for a container that could not be merged: 1 if merging is required, so
 * that the runtime gives up the container, else 0. Logs the reason.
 */
int hook_failed(const struct decision *decision, const struct error *err);

#endif
