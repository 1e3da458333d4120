/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of LXC's configuration: which of them call the hook. */
#include "doctor/lxc_line.h"

#include "base/macros.h"
#include "check.h"

static void config_lines(void)
{
	static const struct {
		const char *line, *program; /* NULL: none */
	} of[] = {
		{ "lxc.hook.mount = /usr/bin/ksm-hook lxc", "/usr/bin/ksm-hook" },
		{ "lxc.hook.start-host = /usr/bin/ksm-hook lxc", "/usr/bin/ksm-hook" },
		{ "lxc.hook.mount=/usr/bin/ksm-hook lxc", "/usr/bin/ksm-hook" },
		{ " \tlxc.hook.mount\t=\t/a/ksm-hook \t lxc", "/a/ksm-hook" },
		{ "lxc.hook.mount = /a/ksm-hook lxc --config /x", "/a/ksm-hook" },
		{ "lxc.hook.mount = /a=b/ksm-hook lxc", "/a=b/ksm-hook" },
		/* not ours, or not called so */
		{ "lxc.hook.mount = /usr/share/lxcfs/lxc.mount.hook", NULL },
		{ "lxc.hook.mount = /usr/bin/ksm-hook lxcfs", NULL },
		{ "lxc.hook.mount = /usr/bin/ksm-hook lx", NULL },
		{ "lxc.hook.mount = /usr/bin/ksm-hook", NULL },
		{ "lxc.hook.mount = /usr/bin/ksm-hook attach lxc", NULL },
		{ "lxc.hook.mount = ksm-hook lxc", NULL },
		{ "lxc.hook.mount = ", NULL },
		{ "lxc.hook.mount =", NULL },
		{ "lxc.hook.mount", NULL },
		{ "lxc.hook.mount /usr/bin/ksm-hook lxc", NULL },
		{ "lxc.hook.mount x = /usr/bin/ksm-hook lxc", NULL },
		/* other keys */
		{ "lxc.hook.mounts = /usr/bin/ksm-hook lxc", NULL },
		{ "lxc.hook.pre-mount = /usr/bin/ksm-hook lxc", NULL },
		{ "lxc.hook.start = /usr/bin/ksm-hook lxc", NULL },
		{ "lxc.hook.start-hosts = /usr/bin/ksm-hook lxc", NULL },
		{ "# lxc.hook.mount = /usr/bin/ksm-hook lxc", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		char line[80];
		const char *program;

		check_case = of[i].line;
		snprintf(line, sizeof(line), "%s", of[i].line);
		program = lxc_line_program(line);
		CHECK_TEXT(program ? program : "none", of[i].program ? of[i].program : "none");
	}
}

int main(void)
{
	RUN(config_lines);
	return check_end();
}
