/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns that are closed, engines and users that there are. */
#include "policy/rule_pattern.h"

#include <fnmatch.h>
#include <stddef.h>

#include "base/macros.h"
#include "check.h"

static void closed(void)
{
	static const char *const fine[] = { "",     "*",     "a?b",  "[ab]c",  "[]]",
					    "[!]]", "[^]a]", "[[]",  "[a\\]]", "a]",
					    "\\[",  "\\\\",  "[!!]", "[a-z]*" };
	static const char *const open[] = { "[",   "[a",     "[]",   "[!]",  "[!",   "*[^]",
					    "a\\", "\\\\\\", "[\\]", "[a\\", "[a][", "[\\" };

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		check_case = fine[i];
		CHECK(rule_pattern_fault(fine[i]) == NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		check_case = open[i];
		CHECK(rule_pattern_fault(open[i]) != NULL);
	}
	/* why it matters: it fits nothing, or the bracket itself */
	CHECK_INT(fnmatch("payments-*\\", "payments-eu", 0), FNM_NOMATCH);
	CHECK_INT(fnmatch("[ab", "a", 0), FNM_NOMATCH);
}

static void engines_and_users(void)
{
	static const struct {
		enum trusted_key key;
		const char *glob;
		bool fine;
	} table[] = {
		{ TRUSTED_ENGINE, "containerd", true },
		{ TRUSTED_ENGINE, "cri-o", true },
		{ TRUSTED_ENGINE, "docker", true },
		{ TRUSTED_ENGINE, "podman", true },
		{ TRUSTED_ENGINE, "lxc", true },
		{ TRUSTED_ENGINE, "*", true },
		{ TRUSTED_ENGINE, "[dp]o*", true },
		{ TRUSTED_ENGINE, "crio", false },
		{ TRUSTED_ENGINE, "Docker", false },
		{ TRUSTED_ENGINE, "moby", false },
		{ TRUSTED_ENGINE, "", false },
		{ TRUSTED_ENGINE, "[d", false },
		{ TRUSTED_USER, "0", true },
		{ TRUSTED_USER, "1*", true },
		{ TRUSTED_USER, "[1-9]???", true },
		{ TRUSTED_USER, "root", false },
		{ TRUSTED_USER, "", false },
		{ TRUSTED_USER, "1 ", false },
		{ TRUSTED_NAMESPACE, "Docker", true },
		{ TRUSTED_NAMESPACE, "a[", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		check_case = table[i].glob;
		CHECK((rule_trusted_fault(table[i].key, table[i].glob) == NULL) ==
		      table[i].fine);
	}
}

static void words(void)
{
	CHECK_TEXT(rule_annotation_word("io.kubernetes.pod.namespace"), "namespace");
	CHECK_TEXT(rule_annotation_word("io.kubernetes.cri.image-name"), "image");
	CHECK(rule_annotation_word("team") == NULL);
	CHECK(rule_annotation_word("io.kubernetes.cri.container-type") == NULL);
}

int main(void)
{
	RUN(closed);
	RUN(engines_and_users);
	RUN(words);
	return check_end();
}
