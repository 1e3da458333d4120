/* SPDX-License-Identifier: Apache-2.0 */
/* What the OCI hook stages share: read the state, decide in confinement, say and end. */
#ifndef KSM_HOOK_H
#define KSM_HOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/options.h"
#include "containers/metadata.h"
#include "policy/policy.h"

/* What the confined parser hands over; at most PIPE_BUF bytes. */
struct hook_verdict {
	struct error err; /* why there is no decision; empty if there is one */
	struct decision decision;
	bool log_given;
	enum log_level log;
	char id[256];
	pid_t pid;
	bool running;     /* as the state's "status" has it */
	char bundle[768]; /* empty where it is longer, or not given */
	struct metadata metadata;
};

/* What the options of every stage set. */
struct hook_options {
	const char *config_path;
};

#define HOOK_OPTION_CONFIG                                              \
	OPTION_TEXT(struct hook_options, config_path, "config", "FILE", \
		    "read this configuration instead of\n" CONFIG_PATH)

enum hook_next {
	HOOK_DONE,  /* this container is none of ours: *status is the exit status */
	HOOK_MERGE, /* merge it, as *verdict says */
};

/*
 * Parse the stage's options, read the state from stdin and the configuration, decide. A
 * container that did not ask costs no parsing at all.
 *
 * Merging is required where config.json says so or the container does. A config.json that
 * cannot be read says nothing, and neither does a state: then only the other one counts, and
 * a parser that dies of the state does not take the word of config.json with it.
 */
enum hook_next hook_begin(const struct command_syntax *c, int argc, char **argv,
			  struct hook_verdict *verdict, int *status);

/* What a container says of itself where there is no OCI state. */
struct hook_asked {
	const char *id;
	pid_t pid; /* for the log */
	const struct policy_words *words;
	const struct annotation *annotation;
	size_t n;
	struct error err; /* why it cannot be told; empty if it can */
};

/* The same where the caller has read what the container says: stdin is left alone. */
enum hook_next hook_begin_asked(const struct command_syntax *c, int argc, char **argv,
				const struct hook_asked *asked, struct hook_verdict *verdict,
				int *status);

/*
 * The exit status for a container that could not be merged: 1 if merging is required, so
 * that the runtime gives up the container, else 0. Logs the reason.
 */
int hook_failed(const struct hook_verdict *verdict, const struct error *err);

/*
 * Could the answer be yes at all? Most containers did not ask, and for them a look at the
 * raw bytes is all that a start should pay. Both texts end with a NUL behind their length.
 */
bool hook_may_ask(const char *text, size_t len, const char *config, size_t config_len);

/* What was decided and why, as one line of the log. */
void hook_say_decision(const struct decision *d);

/* One line of text for a terminal, whatever the confined process sent. */
void hook_clean(char *text, size_t size);

/* Clean the decision that the confined process sent; false where it is none. */
bool hook_check_decision(struct decision *d);

#endif
