/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/go_pattern.c: as Go's regexp.Compile (1.19) answered for each of these. */
#include "doctor/go_pattern.h"

#include "base/macros.h"
#include "check.h"

static const char *const valid[] = {
	"",
	".*",
	"^io[.]ksm[.]merge$",
	"^io\\.ksm\\.merge$",
	"(?i)^a$",
	"(?:a|b)",
	"a*?",
	"a+?",
	"a??",
	"x(y)*",
	"[]]",
	"[^]]",
	"[[:alpha:]]",
	"[a\\]b]",
	"a|",
	"|a",
	"()",
	"(|)",
	"(?P<n>a)",
	"(?i:a)b",
	"\\Q(\\E",
	"\\Q(",
	"^*",
	"$?",
	"a{2}",
	"{",
	"a{,2}",
	"(?s-i)a",
	"[*+?]",
	"[[a:]",
	"[[:alpha:](]",
	"\\(",
	"}",
	"a]",
	"(?U)a",
	"[(]",
	"(?i)(?:x)*",
};

static const char *const faulty[] = {
	"(",  ")",    "a)", "((a)",  "[",      "[a",    "[]",    "[^]",    "*",
	"+a", "?",    "(*", "a|*",   "(?:*a)", "a**",   "a+*",   "a*+",    "a???",
	"\\", "(?x)", "(?", "(?P<n", "(?P=n)", "(?!a)", "(?=a)", "(?<=a)",
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(valid); i++) {
		check_case = valid[i];
		CHECK(!go_pattern_fault(valid[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(faulty); i++) {
		check_case = faulty[i];
		CHECK(go_pattern_fault(faulty[i]));
	}
	return check_end();
}
