/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a command: declared once, for the parser, for --help and for completion. */
#include "base/options.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* Where the texts of options begin in --help. */
#define HELP_COLUMN 24

static bool is_optional(const struct command_option *o)
{
	return o->argument[0] == '[';
}

/* Is value one of "one|two|three"? An argument that is no such list takes any value. */
static bool is_choice(const char *list, const char *value)
{
	size_t len = strlen(value);

	if (!strchr(list, '|'))
		return true;
	for (; list && !strchr(value, '|'); list = strchr(list, '|')) {
		list += *list == '|';
		if (strncmp(list, value, len) == 0 && (list[len] == '|' || !list[len]))
			return true;
	}
	return false;
}

/* "one, two or three" */
static int err_choice(struct error *err, const struct command_option *o, const char *value)
{
	char list[2 * sizeof(o->argument)] = "";

	for (const char *p = o->argument; *p;) {
		size_t len = strcspn(p, "|"), at = strlen(list);
		bool last = !p[len];

		snprintf(list + at, sizeof(list) - at, "%s%.*s",
			 !at  ? "" :
			 last ? " or " :
				", ",
			 (int)len, p);
		p += len + !last;
	}
	return err_set(err, EINVAL, "invalid value \"%s\" for --%s, expected %s", value,
		       o->name, list);
}

/* value is NULL where none is given. */
static int store(const struct command_option *o, const char *value, void *options,
		 struct error *err)
{
	char *into = (char *)options + o->offset;
	struct option_list *list;
	int64_t n = o->otherwise;

	switch (o->kind) {
	case OPTION_FLAG_KIND:
		*(bool *)into = true;
		return 0;
	case OPTION_TEXT_KIND:
		if (value && !is_choice(o->argument, value))
			return err_choice(err, o, value);
		*(const char **)into = value;
		return 0;
	case OPTION_NUMBER_KIND:
		if (value && parse_int(value, strlen(value), o->min, o->max, &n) < 0)
			return err_set(err, EINVAL,
				       "invalid value \"%s\" for --%s, expected a number from "
				       "%d to %d",
				       value, o->name, o->min, o->max);
		*(int *)into = (int)n;
		return 0;
	case OPTION_LIST_KIND:
		list = (struct option_list *)(void *)into;
		if (list->n == OPTION_LIST_MAX)
			return err_set(err, EINVAL, "--%s is given more than %d times", o->name,
				       OPTION_LIST_MAX);
		list->value[list->n++] = value;
		break;
	}
	return 0;
}

/* The option of that name, or the only one that begins so. */
static const struct command_option *find_command_option(const struct command_syntax *c,
							const char *name, size_t len)
{
	const struct command_option *found = NULL;

	for (const struct command_option *o = c->option; o->name[0]; o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		if (!o->name[len])
			return o;
		/* with another program's options behind ours, nobody can tell whose it is */
		if (found || c->arguments == ARGUMENTS_FOREIGN)
			return NULL;
		found = o;
	}
	return len ? found : NULL;
}

/* "--name", with its value in the same word or in the next one, which *i is moved to. */
static int parse_option(const struct command_option *o, int argc, char **argv, int *i,
			void *options, struct error *err)
{
	const char *equals = strchr(argv[*i], '='), *value = equals ? equals + 1 : NULL;

	if (o->kind == OPTION_FLAG_KIND && value)
		return err_set(err, EINVAL, "--%s takes no value", o->name);
	if (o->kind != OPTION_FLAG_KIND && !value && !is_optional(o)) {
		if (*i + 1 == argc)
			return err_set(err, EINVAL, "--%s needs a value: --%s=%s", o->name,
				       o->name, o->argument);
		value = argv[++*i];
	}
	return store(o, value, options, err);
}

bool options_is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Where another program's options follow, -h is its own, and so is --help behind ours. */
static bool is_help(const struct command_syntax *c, const char *word, int i)
{
	if (c->arguments == ARGUMENTS_FOREIGN)
		return i == 1 && strcmp(word, "--help") == 0;
	return options_is_help(word);
}

int options_parse(const struct command_syntax *c, int *argc, char **argv, void *options,
		  struct error *err)
{
	int kept = 1, i;

	for (i = 1; i < *argc; i++) {
		const struct command_option *o = NULL;
		char *word = argv[i];
		int r;

		if (strcmp(word, "--") == 0) {
			i += c->arguments != ARGUMENTS_FOREIGN;
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (c->arguments >= ARGUMENTS_LAST)
				break;
			argv[kept++] = word;
			continue;
		}
		if (is_help(c, word, i)) {
			options_help(c, argv[0]);
			return 1;
		}
		if (word[1] == '-')
			o = find_command_option(c, word + 2, strcspn(word + 2, "="));
		if (!o && c->arguments == ARGUMENTS_FOREIGN)
			break;
		if (!o)
			return err_set(err, EINVAL, "unknown option \"%s\"", word);
		r = parse_option(o, *argc, argv, &i, options, err);
		if (r < 0)
			return r;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	if (kept > 1 && c->arguments == ARGUMENTS_NONE)
		return err_set(err, EINVAL, "unexpected argument \"%s\"", argv[1]);
	return 0;
}

int options_exit(const char *name, int r, const struct error *err)
{
	if (r > 0)
		return 0;
	log_error("%s; see ksm-hook %s --help", err->msg, name);
	return 2;
}

/* "--name=VALUE" as in usage lines */
static int format_option(char *out, size_t size, const struct command_option *o)
{
	if (is_optional(o))
		return snprintf(out, size, "--%s[=%s", o->name, o->argument + 1);
	return snprintf(out, size, "--%s%s%s", o->name, o->argument[0] ? "=" : "", o->argument);
}

/* Each line of text, behind so many blanks. */
static void print_lines(const char *text, int indent)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("%*s%.*s\n", len ? indent : 0, "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_option(const char *option, const char *help)
{
	int len = (int)strlen(option);
	size_t first = strcspn(help, "\n");

	if (len + 2 > HELP_COLUMN)
		printf("%s\n%*s", option, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, option);
	printf("%.*s\n", (int)first, help);
	print_lines(help + first + (help[first] == '\n'), HELP_COLUMN);
}

void options_help(const struct command_syntax *c, const char *name)
{
	char text[80];

	printf("usage: ksm-hook %s", name);
	for (const struct command_option *o = c->option; o->name[0]; o++) {
		format_option(text, sizeof(text), o);
		printf(" [%s]", text);
	}
	printf("%s%s\n\n", c->synopsis[0] ? " " : "", c->synopsis);
	print_lines(c->about, 0);
	printf("\nOptions:\n");
	for (const struct command_option *o = c->option; o->name[0]; o++) {
		int n = snprintf(text, sizeof(text), "      ");

		format_option(text + n, sizeof(text) - (size_t)n, o);
		print_option(text, o->help);
	}
	print_option(c->arguments == ARGUMENTS_FOREIGN ? "      --help" : "  -h, --help",
		     "print this help and exit");
	if (c->examples[0])
		printf("\nExamples:\n");
	print_lines(c->examples, 2);
	if (c->see_also[0])
		printf("\nSee also: %s\n", c->see_also);
}
