/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of an OCI runtime, as far as the wrapper has to understand it. */
#ifndef KSM_RUNTIME_ARGS_H
#define KSM_RUNTIME_ARGS_H

#include <stdbool.h>

enum argv_command {
	ARGV_OTHER,  /* nothing that starts a process in a container, or not understood */
	ARGV_CREATE, /* create, run: of a bundle */
	ARGV_RESTORE,
	ARGV_EXEC,
	ARGV_DELETE,
};

/* What the command line says; NULL where it does not. The texts are those of argv. */
struct argv_facts {
	enum argv_command command;
	const char *root, *log;
	bool log_json;
	const char *bundle;
	const char *config; /* crun's --config: another name than config.json */
	const char *id;
};

/*
 * Pure. Takes the words as runc (Go's flag package) and crun (argp) do: -x value, --x value,
 * --x=value, crun's -xVALUE. An option that is not known and stands before the command has
 * the next word for its value, unless that is an option or a command.
 */
void argv_parse(char *const *argv, struct argv_facts *out);

#endif
