/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/container_target.c: by what a container is named to attach. */
#include "doctor/container_target.h"

#include "base/macros.h"
#include "check.h"

#define HEX16 "0123456789abcdef"

static void target_words(void)
{
	static const struct {
		const char *engine, *id, *target;
	} cases[] = {
		{ "runc", "web", "runc:web" },
		{ "runc", "web_1.a+b@c-d", "runc:web_1.a+b@c-d" },
		{ "docker", HEX16 HEX16 HEX16 HEX16, "docker:0123456789ab" },
		{ "docker", HEX16 HEX16 HEX16 "0123456789abcde",
		  "docker:" HEX16 HEX16 HEX16 "0123456789abcde" },
		{ "docker", HEX16 HEX16 HEX16 "0123456789abcdeF",
		  "docker:" HEX16 HEX16 HEX16 "0123456789abcdeF" },
		{ "pid", "17", "pid:17" },
		{ "lxc", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+@-",
		  "lxc:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+@-" },
		/* what a shell or getopt would take for something else */
		{ "runc", "-rf", "pid:42" },
		{ "runc", "a b", "pid:42" },
		{ "runc", "a;reboot", "pid:42" },
		{ "runc", "$(reboot)", "pid:42" },
		{ "runc", "a\nb", "pid:42" },
		{ "runc",
		  "sl\xc3\xa8"
		  "ep",
		  "pid:42" },
		{ "runc", "a/b", "pid:42" },
		{ "containerd", "default/web", "containerd:default/web" },
		{ "containerd", "default/web/x", "pid:42" },
		{ "containerd", "default/a b", "pid:42" },
		{ "containerd", "default/a ", "pid:42" },
		{ "containerd", "default/a", "containerd:default/a" },
		{ "containerd", "/web", "pid:42" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_summary c = { .pid = 42 };
		char out[300];

		check_case = cases[i].id;
		snprintf(c.name.engine, sizeof(c.name.engine), "%s", cases[i].engine);
		snprintf(c.name.id, sizeof(c.name.id), "%s", cases[i].id);
		CHECK_TEXT(container_target(out, sizeof(out), &c, ""), cases[i].target);
	}
}

/* What its user knows it by goes first, if a shell takes it as it stands. */
static void target_labels(void)
{
	static const struct {
		const char *label, *target;
	} cases[] = {
		{ "web", "docker:web" },
		{ "shop-web-1", "docker:shop-web-1" },
		{ "a/b", "docker:a/b" },
		{ "a/b/c", "docker:a/b/c" },
		{ "a/b/", "docker:0123456789ab" },
		{ "a//b", "docker:0123456789ab" },
		{ "shop/web-7d4/main", "docker:shop/web-7d4/main" },
		{ "shop/web-7d4/(sandbox)", "docker:0123456789ab" },
		{ "-web", "docker:0123456789ab" },
		{ "/web", "docker:0123456789ab" },
		{ "web/", "docker:0123456789ab" },
		{ "a b", "docker:0123456789ab" },
		{ "$(reboot)", "docker:0123456789ab" },
		{ "", "docker:0123456789ab" },
	};
	struct container_summary c = { .pid = 42,
				       .name = { "docker", HEX16 HEX16 HEX16 HEX16 } };
	char out[300];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].label;
		CHECK_TEXT(container_target(out, sizeof(out), &c, cases[i].label),
			   cases[i].target);
	}
}

int main(void)
{
	RUN(target_words);
	RUN(target_labels);
	return check_end();
}
