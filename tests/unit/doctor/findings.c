/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/findings.c: findings are kept as they are, and those that do not fit are counted. */
#include "doctor/findings.h"

#include "base/macros.h"
#include "check.h"

static struct finding findings[FINDINGS_MAX];

static void test_add(void)
{
	struct doctor d = { .finding = findings };
	struct finding *f =
		finding_add(&d, FINDING_WARNING, ID_CONFIG, "why", "%s\n\x1b", "what");

	check_case = "add";
	CHECK_INT(d.n, 1);
	CHECK(f == &findings[0]);
	CHECK_INT(f->id, ID_CONFIG);
	CHECK_INT(f->level, FINDING_WARNING);
	CHECK_INT(f->reason, REASON_NONE);
	CHECK_TEXT(f->why, "why");
	/* raw: whoever prints it escapes it */
	CHECK_TEXT(f->what, "what\n\x1b");
	CHECK_TEXT(f->fix, "");
}

static void test_fix(void)
{
	struct doctor d = { .finding = findings };
	struct finding *f = finding_add(&d, FINDING_NOTE, ID_CONFIG, "why", "what");
	char name[sizeof(f->fix)];

	check_case = "fix";
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	finding_fix(f, "rm %s", "/a");
	CHECK_TEXT(f->fix, "rm /a");
	finding_fix(f, "%s", name);
	CHECK_TEXT(f->fix, name);
	finding_fix(f, "%s", "x");
	CHECK_TEXT(f->fix, "x");
	/* a command that is cut would do something else */
	finding_fix(f, "rm %s", name);
	CHECK_TEXT(f->fix, "");
}

static void test_doubt(void)
{
	struct doctor d = { .finding = findings };

	check_case = "doubt";
	finding_add(&d, FINDING_OK, ID_CONFIG, NULL, "before");
	finding_add(&d, FINDING_OK, ID_CONFIG, NULL, "well");
	finding_add(&d, FINDING_BROKEN, ID_CONFIG, "why", "broken");
	finding_add(&d, FINDING_WARNING, ID_CONFIG, "why", "warning");
	finding_add(&d, FINDING_NOTE, ID_CONFIG, "why", "note");
	findings_doubt(&d, 1);
	CHECK_INT(d.n, 4);
	CHECK_TEXT(findings[0].what, "before");
	CHECK_TEXT(findings[1].what, "broken");
	CHECK_TEXT(findings[2].what, "warning");
	CHECK_TEXT(findings[3].what, "note");
	/* behind the last there is another one by chance */
	findings_doubt(&d, 3);
	CHECK_INT(d.n, 4);
	findings_doubt(&d, 0);
	CHECK_INT(d.n, 3);
}

/* What a terminal does not show as it is cannot be copied from one. */
static void test_visible(void)
{
	struct doctor d = { .finding = findings };
	struct finding *f = finding_add(&d, FINDING_NOTE, ID_CONFIG, "why", "what");

	check_case = "visible";
	finding_fix(f, "sed 's|\\(a\\)|%s|'", " ~");
	CHECK_TEXT(f->fix, "sed 's|\\(a\\)| ~|'");
	finding_fix(f, "rm %s", "a\nb");
	CHECK_TEXT(f->fix, "");
	finding_fix(f, "rm %s", "\xc3\xa4");
	CHECK_TEXT(f->fix, "");
	finding_fix(f, "rm %s", "\x7f");
	CHECK_TEXT(f->fix, "");
	CHECK_TEXT(f->advice, "");
	finding_advise(f, "%s", "a\nb");
	CHECK_TEXT(f->advice, "a\nb");
	CHECK_TEXT(f->fix, "");
}

static void test_words(void)
{
	static const struct {
		const char *name, *word;
	} cases[] = {
		{ "/etc/a-b_c.d/50%x@y+z:1,2=3", "/etc/a-b_c.d/50%x@y+z:1,2=3" },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "a'b", "'a'\\''b'" },
		{ "'a", "''\\''a'" },
		{ "$(x)", "'$(x)'" },
		{ "a;b", "'a;b'" },
		{ "~", "'~'" },
		{ "a*", "'a*'" },
		{ "a\\b", "'a\\b'" },
		{ "a\tb", "'a\tb'" },
	};
	struct doctor d = { .finding = findings };
	struct finding *f = finding_add(&d, FINDING_NOTE, ID_CONFIG, "why", "what");
	struct shell_word word;
	char name[2 * sizeof(word.text)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].name;
		CHECK_TEXT(shell_word(&word, cases[i].name), cases[i].word);
	}
	/* of every length around that of a fix: all of it, or none */
	for (size_t len = sizeof(f->fix) - 8; len < sizeof(name); len++) {
		for (const char *c = "a '"; *c; c++) {
			check_case = c;
			memset(name, *c, len);
			name[len] = '\0';
			finding_fix(f, "%s", shell_word(&word, name));
			CHECK(!f->fix[0] || (strlen(f->fix) >= len && word.text[0] != 'x'));
			CHECK(!f->fix[0] || *c == 'a' || f->fix[strlen(f->fix) - 1] == '\'');
		}
	}
}

/* Around the length that there is room for: all of a word, or something that no file is called. */
static void test_word_room(void)
{
	struct shell_word word;
	const size_t room = sizeof(word.text);
	char name[sizeof(word.text) + 8], whole[sizeof(word.text) + 16];

	for (size_t len = room - 8; len < sizeof(name); len++) {
		for (int quoted = 0; quoted <= 1; quoted++) {
			check_case = quoted ? "quoted" : "plain";
			memset(name, quoted ? ' ' : 'a', len);
			name[len] = '\0';
			snprintf(whole, sizeof(whole), quoted ? "'%s'" : "%s", name);
			if (strlen(whole) >= room) {
				memset(whole, 'x', room - 1);
				whole[room - 1] = '\0';
			}
			memset(word.text, '#', room);
			CHECK_TEXT(shell_word(&word, name), whole);
		}
	}
}

static void test_unreadable(void)
{
	struct doctor d = { .finding = findings };
	struct error err;

	check_case = "unreadable";
	err_reason(&err, REASON_NOT_ALLOWED, err_set(&err, 1, "a file"));
	finding_unreadable(&d, ID_CONFIG, &err);
	CHECK_INT(d.n, 1);
	CHECK_INT(findings[0].level, FINDING_NOTE);
	CHECK_INT(findings[0].reason, REASON_NOT_ALLOWED);
	CHECK_TEXT(findings[0].what, "a file");
	CHECK(findings[0].why && findings[0].why[0]);
}

static void test_too_many(void)
{
	struct doctor d = { .finding = findings };

	check_case = "too many";
	for (size_t i = 0; i < FINDINGS_MAX + 3; i++)
		finding_fix(finding_add(&d, i % 2 ? FINDING_BROKEN : FINDING_OK, ID_CONFIG,
					NULL, "%zu", i),
			    "fix");
	CHECK_INT(d.n, FINDINGS_MAX);
	CHECK_INT(d.left_out, 3);
	CHECK_INT(findings_of_level(&d, FINDING_BROKEN), FINDINGS_MAX / 2);
	CHECK_INT(findings_of_level(&d, FINDING_OK), FINDINGS_MAX / 2);
	CHECK_INT(findings_of_level(&d, FINDING_NOTE), 0);
	CHECK_TEXT(findings[FINDINGS_MAX - 1].what, "399");
}

static void test_names(void)
{
	check_case = "names";
	CHECK_TEXT(finding_level_name(FINDING_OK), "ok");
	CHECK_TEXT(finding_level_name(FINDING_NOTE), "note");
	CHECK_TEXT(finding_level_name(FINDING_WARNING), "warning");
	CHECK_TEXT(finding_level_name(FINDING_BROKEN), "broken");
}

int main(void)
{
	RUN(test_add);
	RUN(test_fix);
	RUN(test_doubt);
	RUN(test_visible);
	RUN(test_words);
	RUN(test_word_room);
	RUN(test_unreadable);
	RUN(test_too_many);
	RUN(test_names);
	return check_end();
}
