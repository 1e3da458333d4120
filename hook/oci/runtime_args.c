/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of an OCI runtime, as far as the wrapper has to understand it. */
#include "oci/runtime_args.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

enum fact { IGNORED, ROOT, LOG, LOG_FORMAT, BUNDLE, CONFIG };

struct option {
	const char *name;
	char letter;
	bool has_value;
	enum fact fact;
};

/* runc 1.1 to 1.3, crun 1.8 to 1.21; the flags are there so that nobody takes them to be unknown */
static const struct option global_options[] = {
	{ "root", 0, true, ROOT },
	{ "log", 0, true, LOG },
	{ "log-format", 0, true, LOG_FORMAT },
	{ "log-level", 0, true, IGNORED },
	{ "criu", 0, true, IGNORED },
	{ "rootless", 0, true, IGNORED },
	{ "cgroup-manager", 0, true, IGNORED },
	{ "debug", 0, false, IGNORED },
	{ "systemd-cgroup", 0, false, IGNORED },
	{ "help", 'h', false, IGNORED },
	{ "version", 'v', false, IGNORED },
	{ NULL },
};

static const struct option create_options[] = {
	{ "bundle", 'b', true, BUNDLE },
	{ "config", 'f', true, CONFIG },
	{ "console-socket", 0, true, IGNORED },
	{ "pid-file", 0, true, IGNORED },
	{ "pidfd-socket", 0, true, IGNORED },
	{ "preserve-fds", 0, true, IGNORED },
	/* restore */
	{ "image-path", 0, true, IGNORED },
	{ "work-path", 0, true, IGNORED },
	{ "parent-path", 0, true, IGNORED },
	{ "manage-cgroups-mode", 0, true, IGNORED },
	{ "empty-ns", 0, true, IGNORED },
	{ "lsm-profile", 0, true, IGNORED },
	{ "lsm-mount-context", 0, true, IGNORED },
	{ NULL },
};

static const struct option exec_options[] = {
	{ "console-socket", 0, true, IGNORED },
	{ "cwd", 0, true, IGNORED },
	{ "env", 'e', true, IGNORED },
	{ "user", 'u', true, IGNORED },
	{ "additional-gids", 'g', true, IGNORED },
	{ "process", 'p', true, IGNORED },
	{ "pid-file", 0, true, IGNORED },
	{ "pidfd-socket", 0, true, IGNORED },
	{ "process-label", 0, true, IGNORED },
	{ "apparmor", 0, true, IGNORED },
	{ "cap", 'c', true, IGNORED },
	{ "preserve-fds", 0, true, IGNORED },
	{ "cgroup", 0, true, IGNORED },
	{ NULL },
};

static const struct option delete_options[] = {
	{ "force", 'f', false, IGNORED },
	{ "regex", 'r', false, IGNORED },
	{ NULL },
};

static const struct command {
	const char *name;
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

/*
 * Look a word up. *value is what stands in the same word, or NULL. NULL for an option that
 * is not known.
 */
static const struct option *find_option(const struct option *table, const char *word,
					const char **value)
{
	const char *name = word + (word[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);

	*value = equals ? equals + 1 : NULL;
	for (const struct option *o = table; o->name; o++) {
		/* Go's flag package makes no difference between -bundle and --bundle */
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
		if (o->letter && len == 1 && name[0] == o->letter)
			return o;
	}
	for (const struct option *o = table; o->name; o++) {
		if (word[1] != '-' && o->has_value && o->letter && name[0] == o->letter) {
			*value = name + 1;
			return o;
		}
	}
	return NULL;
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
		out->bundle = value;
		break;
	case CONFIG:
		out->config = value;
		break;
	case IGNORED:
		break;
	}
}

/*
 * The options at *argv and their values. Returns the first word that is none; all of the
 * rest are no options when *ended says so.
 */
static char *const *options(const struct option *table, char *const *argv, bool global,
			    struct argv_facts *out, bool *ended)
{
	while (*argv && is_option(*argv) && !*ended) {
		const struct option *o;
		const char *value;

		if (strcmp(*argv, "--") == 0) {
			*ended = true;
			return argv + 1;
		}
		o = find_option(table, *argv++, &value);
		if (!value && *argv &&
		    (o ? o->has_value : global && !is_option(*argv) && !find_command(*argv)))
			value = *argv++;
		if (o && value)
			take(out, o->fact, value);
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

void argv_parse(char *const *argv, struct argv_facts *out)
{
	const struct command *c;
	bool ended = false;

	*out = (struct argv_facts){ 0 };
	argv = options(global_options, argv, true, out, &ended);
	c = *argv ? find_command(*argv) : NULL;
	if (!c || c->command == ARGV_OTHER)
		return;
	out->command = c->command;
	argv++;
	ended = false;
	/* what follows the id belongs to the process that exec starts */
	while (*argv) {
		argv = options(options_of(c->command), argv, false, out, &ended);
		if (*argv && !out->id)
			out->id = *argv;
		if (!*argv || c->command == ARGV_EXEC)
			return;
		argv++;
	}
}
