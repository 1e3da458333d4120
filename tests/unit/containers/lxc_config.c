/* SPDX-License-Identifier: Apache-2.0 */
/* What an LXC configuration says of a variable, by LXC's own rules for lines and quotes. */
#include "containers/lxc_config.h"

#include <stdlib.h>

#include "check.h"

static const struct {
	const char *text, *value; /* value NULL: not given */
} cases[] = {
	{ "", NULL },
	{ "\n\n=\n", NULL },
	{ "lxc.environment = KSM_MERGE=yes\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes", "yes" },
	{ "lxc.environment=KSM_MERGE=yes", "yes" },
	{ " \tlxc.environment \t=\t KSM_MERGE=yes \t\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\r\n", "yes" },
	{ "lxc.environment = \"KSM_MERGE=yes\"\n", "yes" },
	{ "lxc.environment = 'KSM_MERGE=yes'\n", "yes" },
	{ "lxc.environment = 'KSM_MERGE=yes\"\n", NULL },
	{ "lxc.environment = KSM_MERGE='yes'\n", "'yes'" },
	{ "lxc.environment = KSM_MERGE=\n", "" },
	{ "lxc.environment = KSM_MERGE=a=b\n", "a=b" },
	{ "lxc.environment = KSM_MERGE\n", NULL },
	{ "lxc.environment = KSM_MERGED=yes\n", NULL },
	{ "lxc.environment = XKSM_MERGE=yes\n", NULL },
	{ "lxc.environments = KSM_MERGE=yes\n", NULL },
	{ "# lxc.environment = KSM_MERGE=yes\n", NULL },
	{ "#lxc.environment = KSM_MERGE=yes\n", NULL },
	{ "KSM_MERGE=yes\n", NULL },
	{ "lxc.uts.name = lxc.environment = KSM_MERGE=yes\n", NULL },
	{ "lxc.environment = KSM_MERGE=no\nlxc.environment = KSM_MERGE=yes\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = OTHER=1\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment =\n", NULL },
	{ "lxc.environment =\nlxc.environment = KSM_MERGE=yes\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = \t \n", NULL },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = \t ", NULL },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment =", NULL },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = \"\"\n", NULL },
	/* one quote is no pair */
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = \"\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = '\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nlxc.environment = ''\n", NULL },
	{ "lxc.environment = KSM_MERGE=yes\nKSM_MERGE=no\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\n=\n\nx\n", "yes" },
	{ "lxc.environment = KSM_MERGE=yes\nKSM_MERGE", "yes" },
	{ "lxc.environment.runtime = KSM_MERGE=yes\n", NULL },
	{ "lxc.environment = KSM_MERGE=0123456\n", "0123456" },
	{ "lxc.environment = KSM_MERGE=01234567\n", "0123456" },
	{ "lxc.environment = KSM_MERGE=0123456789abcdef\n", "0123456" },
};

/* Of a text of its own length: a byte read behind it is an error to the sanitizer. */
static bool variable(const char *text, size_t len, char *value, size_t size)
{
	char *copy = malloc(len);
	bool given;

	if (!copy)
		abort();
	memcpy(copy, text, len);
	given = lxc_config_variable(copy, len, "KSM_MERGE", value, size);
	free(copy);
	return given;
}

static void variables(void)
{
	char value[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool given;

		check_case = cases[i].text;
		given = variable(cases[i].text, strlen(cases[i].text), value, sizeof(value));
		CHECK_INT(given, cases[i].value != NULL);
		if (given && cases[i].value)
			CHECK_TEXT(value, cases[i].value);
	}
}

static void nul_in_value(void)
{
	static const char nul[] = "lxc.rootfs.path = a\0b\nlxc.environment = KSM_MERGE=yes";
	char value[8];

	check_case = "a NUL";
	CHECK(variable(nul, sizeof(nul) - 1, value, sizeof(value)));
	CHECK_TEXT(value, "yes");
}

int main(void)
{
	RUN(variables);
	RUN(nul_in_value);
	return check_end();
}
