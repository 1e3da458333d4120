/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: what a command line sets, what is refused and how, and what --help prints. */
#include "base/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "check.h"

struct opts {
	bool json, force;
	const char *file, *kind;
	int watch, level;
	struct option_list tags;
};

#define TABLE                                                                                 \
	.option = { OPTION_FLAG(struct opts, json, "json", "print JSON"),                     \
		    OPTION_FLAG(struct opts, force, "force", "do it all the same"),           \
		    OPTION_TEXT(struct opts, file, "file", "FILE", "read this\nsecond line"), \
		    OPTION_TEXT(struct opts, kind, "kind", "red|green|blue", "a colour"),     \
		    OPTION_NUMBER(struct opts, watch, "watch", "[SECONDS]", 1, 100, 7,        \
				  "again and again"),                                         \
		    OPTION_NUMBER(struct opts, level, "level", "N", -5, 5, 0, "how much"),    \
		    OPTION_LIST(struct opts, tags, "tag", "TAG", "one of several"),           \
		    { "" } }

static const struct command_syntax none = { .arguments = ARGUMENTS_NONE, TABLE };
static const struct command_syntax anywhere = { .arguments = ARGUMENTS_ANYWHERE,
						.synopsis = "[TARGET...]",
						.about = "One line.\n\nAnother.\n",
						.examples = "a b\nc d\n",
						.see_also = "x(8)",
						TABLE };
static const struct command_syntax last = { .arguments = ARGUMENTS_LAST, TABLE };
static const struct command_syntax foreign = { .arguments = ARGUMENTS_FOREIGN, TABLE };

static struct opts o;
static struct error err;
static char left[200]; /* the arguments that are left, with a blank in front of each */

/* The words of line, after the name of a command. */
static int parse_line(const struct command_syntax *c, const char *line)
{
	static char copy[200];
	char *argv[20] = { (char *)"cmd" }, *save;
	int argc = 1, r;

	o = (struct opts){ 0 };
	err.msg[0] = left[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "''") == 0 ? (char *)"" : w;
	check_case = line;
	r = options_parse(c, &argc, argv, &o, &err);
	if (r == 0) {
		CHECK(argv[argc] == NULL);
		for (int i = 1; i < argc; i++)
			snprintf(left + strlen(left), sizeof(left) - strlen(left), " %s",
				 argv[i]);
	}
	check_case = "";
	return r;
}

static void values(void)
{
	CHECK_INT(parse_line(&none, ""), 0);
	CHECK(!o.json && !o.force && !o.file && o.watch == 0);
	CHECK_INT(parse_line(&none, "--json --file f --kind=green --watch --level -3"), 0);
	CHECK(o.json && !o.force);
	CHECK_TEXT(o.file, "f");
	CHECK_TEXT(o.kind, "green");
	CHECK_INT(o.watch, 7);
	CHECK_INT(o.level, -3);
	/* the last one counts; a value may look like an option, hold "=", or be empty */
	CHECK_INT(parse_line(&none, "--file=a --file --json --watch=100 --level=5"), 0);
	CHECK_TEXT(o.file, "--json");
	CHECK(!o.json);
	CHECK_INT(o.watch, 100);
	CHECK_INT(parse_line(&none, "--file=a=b"), 0);
	CHECK_TEXT(o.file, "a=b");
	CHECK_INT(parse_line(&none, "--file="), 0);
	CHECK_TEXT(o.file, "");
	/* a beginning that only one has */
	CHECK_INT(parse_line(&none, "--js --w --k red"), 0);
	CHECK(o.json);
	CHECK_INT(o.watch, 7);
	CHECK_TEXT(o.kind, "red");
}

static void wrong(const struct command_syntax *c, const char *line, const char *message)
{
	CHECK_INT(parse_line(c, line), -EINVAL);
	CHECK_TEXT(err.msg, message);
}

static void refused(void)
{
	wrong(&none, "--nonsense", "unknown option \"--nonsense\"");
	wrong(&none, "--jsonx", "unknown option \"--jsonx\"");
	wrong(&none, "--f", "unknown option \"--f\""); /* force or file */
	wrong(&none, "--=x", "unknown option \"--=x\"");
	wrong(&none, "-j", "unknown option \"-j\"");
	wrong(&none, "-json", "unknown option \"-json\"");
	wrong(&none, "--json=1", "--json takes no value");
	wrong(&none, "--json=", "--json takes no value");
	wrong(&none, "--file", "--file needs a value: --file=FILE");
	wrong(&none, "--json --level", "--level needs a value: --level=N");
	wrong(&none, "x", "unexpected argument \"x\"");
	wrong(&none, "--json -", "unexpected argument \"-\"");
	wrong(&none, "''", "unexpected argument \"\"");
	wrong(&none, "-- --json", "unexpected argument \"--json\"");
	/* the number belongs to the option only with "=" */
	wrong(&none, "--watch 5", "unexpected argument \"5\"");
	wrong(&none, "--watch=0",
	      "invalid value \"0\" for --watch, expected a number from 1 to 100");
	wrong(&none, "--watch=101",
	      "invalid value \"101\" for --watch, expected a number from 1 to 100");
	wrong(&none,
	      "--watch=", "invalid value \"\" for --watch, expected a number from 1 to 100");
	wrong(&none, "--level=1x",
	      "invalid value \"1x\" for --level, expected a number from -5 to 5");
	wrong(&none, "--kind=re",
	      "invalid value \"re\" for --kind, expected red, green or blue");
	wrong(&none, "--kind=redgreen",
	      "invalid value \"redgreen\" for --kind, expected red, green or blue");
	wrong(&none, "--kind=", "invalid value \"\" for --kind, expected red, green or blue");
	wrong(&none, "--kind=red|green",
	      "invalid value \"red|green\" for --kind, expected red, green or blue");
}

/* Each time one more, in their order; one too many is refused. */
static void lists(void)
{
	static char word[] = "--tag=x";
	char *argv[OPTION_LIST_MAX + 3] = { (char *)"cmd" };
	int argc;

	CHECK_INT(parse_line(&none, "--tag a --json --tag=b --tag="), 0);
	CHECK_INT(o.tags.n, 3);
	CHECK_TEXT(o.tags.value[0], "a");
	CHECK_TEXT(o.tags.value[1], "b");
	CHECK_TEXT(o.tags.value[2], "");
	wrong(&none, "--tag", "--tag needs a value: --tag=TAG");
	for (int n = OPTION_LIST_MAX; n <= OPTION_LIST_MAX + 1; n++) {
		o = (struct opts){ 0 };
		argc = n + 1;
		for (int i = 1; i < argc; i++)
			argv[i] = word;
		argv[argc] = NULL;
		CHECK_INT(options_parse(&none, &argc, argv, &o, &err),
			  n > OPTION_LIST_MAX ? -EINVAL : 0);
		CHECK_INT(o.tags.n, OPTION_LIST_MAX);
	}
	CHECK_TEXT(err.msg, "--tag is given more than 64 times");
}

static void arguments(void)
{
	CHECK_INT(parse_line(&anywhere, "a --json b --file f c"), 0);
	CHECK(o.json);
	CHECK_TEXT(left, " a b c");
	CHECK_INT(parse_line(&anywhere, "a -- --json --"), 0);
	CHECK(!o.json);
	CHECK_TEXT(left, " a --json --");
	/* the first argument ends our options */
	CHECK_INT(parse_line(&last, "--json cmd --force --help"), 0);
	CHECK(o.json && !o.force);
	CHECK_TEXT(left, " cmd --force --help");
	CHECK_INT(parse_line(&last, "-- --json"), 0);
	CHECK(!o.json);
	CHECK_TEXT(left, " --json");
	wrong(&last, "--nonsense cmd", "unknown option \"--nonsense\"");
	/* so does an option that is not ours, and none is guessed */
	CHECK_INT(parse_line(&foreign, "--json --root x --json"), 0);
	CHECK(o.json);
	CHECK_TEXT(left, " --root x --json");
	CHECK_INT(parse_line(&foreign, "--js"), 0);
	CHECK(!o.json);
	CHECK_TEXT(left, " --js");
	CHECK_INT(parse_line(&foreign, "-h"), 0);
	CHECK_TEXT(left, " -h");
	CHECK_INT(parse_line(&foreign, "--json --help"), 0);
	CHECK_TEXT(left, " --help");
	CHECK_INT(parse_line(&foreign, "-- x"), 0);
	CHECK_TEXT(left, " -- x");
	wrong(&foreign, "--file", "--file needs a value: --file=FILE");
}

/* What --help prints. */
static const char *helped(const struct command_syntax *c, const char *line)
{
	static char text[4000];
	int p[2], saved;
	ssize_t n;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	CHECK_INT(pipe2(p, O_CLOEXEC), 0);
	dup2(p[1], STDOUT_FILENO);
	CHECK_INT(parse_line(c, line), 1);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	close(p[0]);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void help(void)
{
	CHECK_TEXT(
		helped(&anywhere, "--json -h --nonsense"),
		"usage: ksm-hook cmd [--json] [--force] [--file=FILE] [--kind=red|green|blue] "
		"[--watch[=SECONDS]] [--level=N] [--tag=TAG] [TARGET...]\n"
		"\n"
		"One line.\n"
		"\n"
		"Another.\n"
		"\n"
		"Options:\n"
		"      --json            print JSON\n"
		"      --force           do it all the same\n"
		"      --file=FILE       read this\n"
		"                        second line\n"
		"      --kind=red|green|blue\n"
		"                        a colour\n"
		"      --watch[=SECONDS]\n"
		"                        again and again\n"
		"      --level=N         how much\n"
		"      --tag=TAG         one of several\n"
		"  -h, --help            print this help and exit\n"
		"\n"
		"Examples:\n"
		"  a b\n"
		"  c d\n"
		"\n"
		"See also: x(8)\n");
	CHECK_HAS(helped(&none, "--help"), "[--tag=TAG]\n\n");
	CHECK(strstr(helped(&none, "--help"), "Examples") == NULL);
	CHECK_HAS(helped(&foreign, "--help"), "      --help            print");
}

/* Names of one letter, and what is as wide as its column. */
static void narrow_and_wide(void)
{
	static const struct command_syntax short_one = {
		.synopsis = "X",
		.about = "A.\n",
		.examples = "e",
		.see_also = "s",
		.option = { OPTION_FLAG(struct opts, json, "j", "one letter"),
			    OPTION_TEXT(struct opts, file, "wide", "VALUESxyz", "fits"),
			    OPTION_TEXT(struct opts, kind, "wide2", "VALUESxyz", "does not"),
			    OPTION_FLAG(struct opts, force, "force", "behind them"),
			    { "" } }
	};
	const char *text = helped(&short_one, "--help");

	CHECK_HAS(text, "usage: ksm-hook cmd [--j] [--wide=VALUESxyz] [--wide2=VALUESxyz] "
			"[--force] X\n");
	CHECK_HAS(text, "      --j               one letter\n");
	CHECK_HAS(text, "      --wide=VALUESxyz  fits\n      --wide2=VALUESxyz\n               "
			"         does not\n");
	CHECK_HAS(text, "      --force           behind them\n");
	CHECK_HAS(text, "Examples:\n  e\n");
	CHECK_HAS(text, "See also: s\n");
	CHECK_INT(parse_line(&short_one, "--j --force"), 0);
	CHECK(o.json && o.force);
}

static void statuses(void)
{
	int saved = dup(STDERR_FILENO), p[2];
	char text[200];
	ssize_t n;

	CHECK_INT(pipe2(p, O_CLOEXEC), 0);
	dup2(p[1], STDERR_FILENO);
	close(p[1]);
	log_init("ps", false);
	CHECK_INT(options_exit("ps", 1, &err), 0);
	wrong(&none, "x", "unexpected argument \"x\"");
	CHECK_INT(options_exit("ps", -EINVAL, &err), 2);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(p[0], text, sizeof(text) - 1);
	close(p[0]);
	text[n > 0 ? n : 0] = '\0';
	CHECK_TEXT(text, "ksm-hook[ps]: unexpected argument \"x\"; see ksm-hook ps --help\n");
}

int main(void)
{
	RUN(values);
	RUN(refused);
	RUN(lists);
	RUN(arguments);
	RUN(help);
	RUN(narrow_and_wide);
	RUN(statuses);
	return check_end();
}
