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
	/* crun's --config, from where we are; NULL: config.json in the bundle */
	const char *config;
	const char *id;
};

/* Whose rules the words follow. */
enum argv_grammar {
	ARGV_GO, /* runc, runsc and others in Go: -x value, --x value, --x=value */
	ARGV_ARGP, /* crun: also -xVALUE, -yxVALUE and --long cut short; no options behind the id */
	ARGV_CLAP, /* youki: also -xVALUE, -x=VALUE and -yxVALUE */
};

/* By the name of a runtime's program; of a link it is that of the program that it leads to. */
enum argv_grammar argv_grammar_of(const char *path);

/*
 * Pure. An option that is not known and stands before the command has the next word for its
 * value, unless that is an option or a command.
 */
void argv_parse(char *const *argv, enum argv_grammar grammar, struct argv_facts *out);

#endif
