/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of an OCI runtime, as far as the wrapper has to understand it. */
#include "oci/runtime_args.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

enum fact { IGNORED, ROOT, LOG, LOG_FORMAT, BUNDLE, CONFIG };

/* TRUTH: with a value only if that is one of runc's --rootless; runsc's has none */
enum value { NONE, VALUE, ATTACHED, TRUTH };

struct option {
	char name[20]; /* empty at a table's end */
	char letter;
	enum value value;
	enum fact fact;
	unsigned whose; /* of crun all are needed, to complete what is cut short */
};

#define GO    (1u << ARGV_GO)
#define CRUN  (1u << ARGV_ARGP)
#define YOUKI (1u << ARGV_CLAP)
#define ALL   (GO | CRUN | YOUKI)

/*
 * runc 1.1 to 1.3, crun 1.8 to 1.21, youki 0.5; the flags are there so that nobody takes them to
 * be unknown, and for words of several letters.
 */
static const struct option global_options[] = {
	{ "root", 0, VALUE, ROOT, GO | CRUN },
	{ "root", 'r', VALUE, ROOT, YOUKI },
	{ "log", 0, VALUE, LOG, GO | CRUN },
	{ "log", 'l', VALUE, LOG, YOUKI },
	{ "log-format", 0, VALUE, LOG_FORMAT, ALL },
	{ "log-level", 0, VALUE, IGNORED, ALL },
	{ "criu", 0, VALUE, IGNORED, GO | YOUKI },
	{ "rootless", 0, VALUE, IGNORED, CRUN },
	{ "rootless", 0, TRUTH, IGNORED, GO },
	{ "cgroup-manager", 0, VALUE, IGNORED, ALL },
	{ "debug", 0, NONE, IGNORED, ALL },
	{ "systemd-cgroup", 0, NONE, IGNORED, GO | CRUN },
	{ "systemd-cgroup", 's', NONE, IGNORED, YOUKI },
	{ "help", 'h', NONE, IGNORED, GO | YOUKI },
	{ "help", '?', NONE, IGNORED, CRUN },
	{ "usage", 0, NONE, IGNORED, CRUN },
	{ "version", 'v', NONE, IGNORED, ALL },
	{ "version", 'V', NONE, IGNORED, CRUN | YOUKI },
	{ "" },
};

static const struct option create_options[] = {
	{ "bundle", 'b', VALUE, BUNDLE, ALL },
	{ "config", 'f', VALUE, CONFIG, ALL },
	{ "console-socket", 0, VALUE, IGNORED, GO | CRUN },
	{ "console-socket", 'c', VALUE, IGNORED, YOUKI },
	{ "pid-file", 0, VALUE, IGNORED, GO | CRUN },
	{ "pid-file", 'p', VALUE, IGNORED, YOUKI },
	{ "pidfd-socket", 0, VALUE, IGNORED, GO | YOUKI },
	{ "preserve-fds", 0, VALUE, IGNORED, ALL },
	{ "detach", 'd', NONE, IGNORED, ALL },
	{ "keep", 0, NONE, IGNORED, ALL },
	{ "no-new-keyring", 0, NONE, IGNORED, ALL },
	{ "no-pivot", 0, NONE, IGNORED, ALL },
	{ "no-subreaper", 0, NONE, IGNORED, ALL },
	{ "help", '?', NONE, IGNORED, CRUN },
	{ "usage", 0, NONE, IGNORED, CRUN },
	{ "version", 'V', NONE, IGNORED, CRUN | YOUKI },
	/* restore */
	{ "image-path", 0, VALUE, IGNORED, ALL },
	{ "work-path", 0, VALUE, IGNORED, ALL },
	{ "parent-path", 0, VALUE, IGNORED, GO | YOUKI },
	{ "manage-cgroups-mode", 0, VALUE, IGNORED, ALL },
	{ "empty-ns", 0, VALUE, IGNORED, GO | YOUKI },
	{ "lsm-profile", 0, VALUE, IGNORED, ALL },
	{ "lsm-mount-context", 0, VALUE, IGNORED, ALL },
	{ "" },
};

static const struct option exec_options[] = {
	{ "console-socket", 0, VALUE, IGNORED, ALL },
	{ "cwd", 0, VALUE, IGNORED, ALL },
	{ "env", 'e', VALUE, IGNORED, ALL },
	{ "user", 'u', VALUE, IGNORED, ALL },
	{ "additional-gids", 'g', VALUE, IGNORED, GO | YOUKI },
	{ "process", 'p', VALUE, IGNORED, ALL },
	{ "pid-file", 0, VALUE, IGNORED, ALL },
	{ "pidfd-socket", 0, VALUE, IGNORED, GO | YOUKI },
	{ "process-label", 0, VALUE, IGNORED, ALL },
	{ "apparmor", 0, VALUE, IGNORED, ALL },
	{ "cap", 'c', VALUE, IGNORED, ALL },
	{ "preserve-fds", 0, VALUE, IGNORED, ALL },
	{ "cgroup", 0, VALUE, IGNORED, ALL },
	{ "detach", 'd', NONE, IGNORED, ALL },
	{ "no-new-privs", 0, NONE, IGNORED, ALL },
	{ "tty", 't', ATTACHED, IGNORED, ALL },
	{ "help", '?', NONE, IGNORED, CRUN },
	{ "usage", 0, NONE, IGNORED, CRUN },
	{ "version", 'V', NONE, IGNORED, CRUN | YOUKI },
	{ "" },
};

static const struct option delete_options[] = {
	{ "force", 'f', NONE, IGNORED, ALL },
	{ "regex", 'r', NONE, IGNORED, ALL },
	{ "" },
};

static const struct command {
	char name[12];
	enum argv_command command;
} commands[] = {
	{ "create", ARGV_CREATE },    { "run", ARGV_CREATE },    { "restore", ARGV_RESTORE },
	{ "exec", ARGV_EXEC },        { "start", ARGV_OTHER },   { "state", ARGV_OTHER },
	{ "kill", ARGV_OTHER },       { "delete", ARGV_DELETE }, { "list", ARGV_OTHER },
	{ "ps", ARGV_OTHER },         { "pause", ARGV_OTHER },   { "resume", ARGV_OTHER },
	{ "update", ARGV_OTHER },     { "events", ARGV_OTHER },  { "spec", ARGV_OTHER },
	{ "checkpoint", ARGV_OTHER }, { "init", ARGV_OTHER },    { "features", ARGV_OTHER },
	{ "mounts", ARGV_OTHER },     { "info", ARGV_OTHER },    { "help", ARGV_OTHER },
};

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, word) == 0)
			return &commands[i];
	}
	return NULL;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool has_option(enum argv_grammar grammar, const struct option *o)
{
	return o->whose & (1u << grammar);
}

static const struct option *find_letter(const struct option *table, enum argv_grammar grammar,
					char letter)
{
	for (const struct option *o = table; o->name[0]; o++) {
		if (o->letter == letter && has_option(grammar, o))
			return o;
	}
	return NULL;
}

/* By its name, which getopt_long(3) lets be cut short as long as it means one option only. */
static const struct option *find_long_name(const struct option *table,
					   enum argv_grammar grammar, const char *name,
					   size_t len)
{
	const struct option *found = NULL;
	bool several = false;

	for (const struct option *o = table; o->name[0]; o++) {
		if (!has_option(grammar, o) || strncmp(o->name, name, len) != 0)
			continue;
		if (o->name[len] == '\0')
			return o;
		several = found != NULL;
		found = o;
	}
	return grammar == ARGV_ARGP && !several ? found : NULL;
}

/* An option, and its value where that stands in the same word, else NULL. */
struct found_option {
	const struct option *option; /* NULL: not known */
	const char *value;
};

/* Go's flag package makes no difference between -bundle and --bundle, and -b is as good a name. */
static struct found_option find_long(const struct option *table, enum argv_grammar grammar,
				     const char *name)
{
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	struct found_option f = { find_long_name(table, grammar, name, len),
				  equals ? equals + 1 : NULL };

	if (!f.option && grammar == ARGV_GO && len == 1)
		f.option = find_letter(table, grammar, name[0]);
	return f;
}

/* -dbVALUE: letters, up to one that has a value, which is the rest of the word or the next one. */
static struct found_option find_short(const struct option *table, enum argv_grammar grammar,
				      const char *letters)
{
	struct found_option f = { NULL, NULL };

	for (const char *p = letters; *p; p++) {
		f.option = find_letter(table, grammar, *p);
		if (!f.option || f.option->value == NONE)
			continue;
		p++;
		/* clap takes -b=VALUE for -bVALUE, argp for a value that begins with = */
		if (grammar == ARGV_CLAP && *p == '=')
			f.value = p + 1;
		else if (*p)
			f.value = p;
		break;
	}
	return f;
}

static struct found_option find_option(const struct option *table, enum argv_grammar grammar,
				       const char *word)
{
	struct found_option f;

	if (word[1] == '-')
		return find_long(table, grammar, word + 2);
	if (grammar != ARGV_GO)
		return find_short(table, grammar, word + 1);
	f = find_long(table, grammar, word + 1);
	/* runc knows no -bVALUE; whatever has a name that says nothing may */
	return f.option ? f : find_short(table, grammar, word + 1);
}

static bool is_truth(const char *word)
{
	return strcmp(word, "true") == 0 || strcmp(word, "false") == 0 ||
	       strcmp(word, "auto") == 0;
}

/* Is the next word the option's value? One that is not known may have one before the command. */
static bool takes_next(const struct option *o, const char *next, bool global)
{
	if (!o)
		return global && !is_option(next) && !find_command(next);
	return o->value == VALUE || (o->value == TRUTH && is_truth(next));
}

static void take(struct argv_facts *out, enum fact fact, const char *value)
{
	switch (fact) {
	case ROOT:
		out->root = value;
		break;
	case LOG:
		out->log = value;
		break;
	case LOG_FORMAT:
		out->log_json = strcmp(value, "json") == 0;
		break;
	case BUNDLE:
		/* runc takes an empty one for none */
		out->bundle = value[0] ? value : NULL;
		break;
	case CONFIG:
		/* the usual name is the bundle's; any other is looked for before crun goes there */
		out->config = strcmp(value, "config.json") == 0 ? NULL : value;
		break;
	case IGNORED:
		break;
	}
}

/*
 * The options at *argv and their values. Returns the first word that is none; all of the
 * rest are no options when *ended says so.
 */
static char *const *options(const struct option *table, enum argv_grammar grammar,
			    char *const *argv, struct argv_facts *out, bool *ended)
{
	while (*argv && is_option(*argv) && !*ended) {
		struct found_option f;

		if (strcmp(*argv, "--") == 0) {
			*ended = true;
			return argv + 1;
		}
		f = find_option(table, grammar, *argv++);
		if (!f.value && *argv && takes_next(f.option, *argv, table == global_options))
			f.value = *argv++;
		if (f.option && f.value)
			take(out, f.option->fact, f.value);
	}
	return argv;
}

static const struct option *options_of(enum argv_command command)
{
	switch (command) {
	case ARGV_EXEC:
		return exec_options;
	case ARGV_DELETE:
		return delete_options;
	default:
		return create_options;
	}
}

/* False where the name is none of theirs. */
static bool grammar_of_name(const char *path, enum argv_grammar *out)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	*out = ARGV_GO;
	/* krun is a name of crun */
	if (strstr(name, "crun") || strstr(name, "krun"))
		*out = ARGV_ARGP;
	else if (strstr(name, "youki"))
		*out = ARGV_CLAP;
	else
		return strstr(name, "runc") || strstr(name, "runsc");
	return true;
}

enum argv_grammar argv_grammar_of(const char *path)
{
	enum argv_grammar grammar;
	char program[PATH_MAX];

	/* an administrator's /usr/bin/runc may lead to crun */
	if (!strchr(path, '/') || !realpath(path, program) ||
	    !grammar_of_name(program, &grammar))
		grammar_of_name(path, &grammar);
	return grammar;
}

/* Behind the id crun, and exec of all of them, look for no options any more. */
static bool ends_at_id(enum argv_grammar grammar, enum argv_command command)
{
	return grammar == ARGV_ARGP || command == ARGV_EXEC;
}

void argv_parse(char *const *argv, enum argv_grammar grammar, struct argv_facts *out)
{
	const struct command *c;
	bool ended = false;

	*out = (struct argv_facts){ 0 };
	argv = options(global_options, grammar, argv, out, &ended);
	c = *argv ? find_command(*argv) : NULL;
	if (!c || c->command == ARGV_OTHER)
		return;
	out->command = c->command;
	argv++;
	ended = false;
	while (*argv) {
		argv = options(options_of(c->command), grammar, argv, out, &ended);
		if (*argv && !out->id)
			out->id = *argv;
		if (!*argv || ends_at_id(grammar, c->command))
			return;
		argv++;
	}
}
