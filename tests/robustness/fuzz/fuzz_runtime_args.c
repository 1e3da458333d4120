/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: a runtime's command line. Input: the grammar (a byte), then a word in each
 * line. crun's is compared with what getopt_long(3) reads, with which crun is made.
 */
#include <getopt.h>

#include "fuzz.h"

/* with its tables, whose struct has the name of getopt's */
#define option runtime_option
#include "oci/runtime_args.c" /* NOLINT(bugprone-suspicious-include) */
#undef option

#define WORDS_MAX 32
#define LONGS_MAX 32
/* Values of options without a letter: above all letters. */
#define FIRST 256

static size_t split(char *text, char **word)
{
	size_t n = 0;

	for (char *line = text, *next; line && n < WORDS_MAX; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		word[n++] = line;
	}
	word[n] = NULL;
	return n;
}

static bool is_part_of(const char *text, char *const *word)
{
	for (; text && *word; word++) {
		if (text >= *word && text <= *word + strlen(*word))
			return true;
	}
	return text == NULL;
}

struct getopt_table {
	char letters[2 + 3 * LONGS_MAX];
	struct option longs[LONGS_MAX + 1];
	const struct runtime_option *of[LONGS_MAX];
	int n;
};

static void make_table(const struct runtime_option *from, struct getopt_table *t)
{
	static const char *const colons[] = { [NONE] = "", [VALUE] = ":", [ATTACHED] = "::" };
	static const int has_arg[] = { [NONE] = no_argument,
				       [VALUE] = required_argument,
				       [ATTACHED] = optional_argument };
	char *letters = stpcpy(t->letters, "+:");

	memset(t->longs, 0, sizeof(t->longs));
	t->n = 0;
	for (; from->name[0]; from++) {
		if (!has_option(ARGV_ARGP, from))
			continue;
		require(t->n < LONGS_MAX && from->value <= ATTACHED);
		if (from->letter) {
			*letters++ = from->letter;
			letters = stpcpy(letters, colons[from->value]);
		}
		t->longs[t->n].name = from->name;
		t->longs[t->n].has_arg = has_arg[from->value];
		t->longs[t->n].val = FIRST + t->n;
		t->of[t->n++] = from;
	}
}

/* The options at argv[1]; the index of the first word that is none, or -1 where one is wrong. */
static int read_options(const struct runtime_option *from, int argc, char **argv,
			struct argv_facts *out)
{
	struct getopt_table t;
	int c;

	make_table(from, &t);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
		const struct runtime_option *o = NULL;

		if (c == '?' || c == ':')
			return -1;
		o = c >= FIRST ? t.of[c - FIRST] : find_letter(from, ARGV_ARGP, (char)c);
		require(o != NULL);
		if (optarg)
			take(out, o->fact, optarg);
	}
	return optind;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* As crun does it: its own options, a command, the command's, an id. */
static void compare_with_getopt(char **word, int n, const struct argv_facts *facts)
{
	char *argv[WORDS_MAX + 2] = { "crun" };
	struct argv_facts want = { 0 };
	const struct command *command;
	int at;

	memcpy(argv + 1, word, sizeof(*word) * (size_t)(n + 1));
	at = read_options(global_options, n + 1, argv, &want);
	if (at < 0 || at > n)
		return;
	command = find_command(argv[at]);
	if (command && command->command != ARGV_OTHER) {
		int first = at;

		want.command = command->command;
		at = read_options(options_of(command->command), n + 1 - first, argv + first,
				  &want);
		if (at < 0)
			return;
		want.id = argv[first + at];
	}
	require(want.command == facts->command && want.log_json == facts->log_json);
	require(is_same_text(want.root, facts->root) && is_same_text(want.log, facts->log));
	require(is_same_text(want.bundle, facts->bundle) &&
		is_same_text(want.config, facts->config) && is_same_text(want.id, facts->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum argv_grammar grammar = size ? data[0] % 3 : ARGV_GO;
	char *word[WORDS_MAX + 2], *text;
	struct argv_facts facts, more;
	size_t n;

	text = fuzz_text(data + (size > 0), size ? size - 1 : 0);
	n = split(text, word);
	argv_parse(word, grammar, &facts);
	require(is_part_of(facts.root, word) && is_part_of(facts.log, word) &&
		is_part_of(facts.bundle, word) && is_part_of(facts.config, word) &&
		is_part_of(facts.id, word));
	require(facts.command != ARGV_OTHER || (!facts.bundle && !facts.config && !facts.id));
	if (grammar == ARGV_ARGP)
		compare_with_getopt(word, (int)n, &facts);
	/* what the container is to execute, behind the id, is no option of ours */
	if (facts.id && facts.command == ARGV_EXEC) {
		word[n] = "--root=/other";
		word[n + 1] = NULL;
		argv_parse(word, grammar, &more);
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): both were zero */
		require(memcmp(&more, &facts, sizeof(more)) == 0);
	}
	free(text);
	return 0;
}
