/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a command: declared once, for the parser, for --help and for completion. */
#ifndef KSM_OPTIONS_H
#define KSM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum option_kind {
	OPTION_FLAG_KIND,   /* sets a bool */
	OPTION_TEXT_KIND,   /* sets a const char *, which is argv's */
	OPTION_NUMBER_KIND, /* sets an int */
	OPTION_LIST_KIND,   /* adds to a struct option_list: it may be given several times */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *value[OPTION_LIST_MAX]; /* argv's */
	size_t n;
};

/*
 * The texts of an option and of a command are arrays, not pointers: a pointer would have to be
 * relocated at every start of the program, and a hook has no use for them.
 */
struct command_option {
	char name[16]; /* without the "--"; "" ends the list */
	/* "FILE"; "[SECONDS]" may be left out; "one|two|three" is one of these; "" for a flag */
	char argument[32];
	enum option_kind kind;
	unsigned offset; /* of what it sets, in the command's structure of options */
	int min, max;    /* of a number */
	int otherwise;   /* the number where "[SECONDS]" is left out */
	char help[400];  /* what it does and what is the default; lines end with a newline */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers of arrays take none */
#define OPTION_FLAG(type, member, name_, help_)                                            \
	{                                                                                  \
		.name = name_, .kind = OPTION_FLAG_KIND, .offset = offsetof(type, member), \
		.help = help_                                                              \
	}
#define OPTION_TEXT(type, member, name_, argument_, help_)                      \
	{                                                                       \
		.name = name_, .argument = argument_, .kind = OPTION_TEXT_KIND, \
		.offset = offsetof(type, member), .help = help_                 \
	}
#define OPTION_NUMBER(type, member, name_, argument_, min_, max_, otherwise_, help_) \
	{                                                                            \
		.name = name_, .argument = argument_, .kind = OPTION_NUMBER_KIND,    \
		.offset = offsetof(type, member), .min = min_, .max = max_,          \
		.otherwise = otherwise_, .help = help_                               \
	}
#define OPTION_LIST(type, member, name_, argument_, help_)                      \
	{                                                                       \
		.name = name_, .argument = argument_, .kind = OPTION_LIST_KIND, \
		.offset = offsetof(type, member), .help = help_                 \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * What only --help and commands read stands apart, so that what a hook reads at every start
 * lies close together: each page more that is touched costs a start a microsecond.
 */
#define __help_section __attribute__((section("help_texts")))

enum command_arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_ANYWHERE, /* options may stand after them */
	/* the first one ends the options, as what follows are those of another program */
	ARGUMENTS_LAST,
	/* and so does an option that is none of ours */
	ARGUMENTS_FOREIGN,
};

struct command_syntax {
	enum command_arguments arguments;
	char synopsis[48]; /* what the usage line has after the options: "[TARGET...]" */
	char about[1200];  /* what it does, in lines; a paragraph or two */
	char examples[600];
	char see_also[120];
	struct command_option option[];
};

/*
 * Set what the options say in *options. *argc and argv are left with the command's name and
 * its arguments. "--" ends the options; a unique beginning of an option's name will do.
 *
 * Returns 0 to go on; 1 when --help was asked for, and answered on stdout; -EINVAL with a
 * message for wrong usage.
 */
int options_parse(const struct command_syntax *c, int *argc, char **argv, void *options,
		  struct error *err);

/* -h or --help, as most commands have them. */
bool options_is_help(const char *word);

/*
 * The exit status of a command whose options_parse() returned r, which is not 0: after --help
 * 0, else 2, and the message is logged with where to read more.
 */
int options_exit(const char *name, int r, const struct error *err);

/* What --help prints. */
void options_help(const struct command_syntax *c, const char *name);

#endif
