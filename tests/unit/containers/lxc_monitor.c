/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a container by its monitor's command line. */
#include "containers/lxc_monitor.h"

#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"

static const struct {
	const char *cmdline; /* a NUL follows */
	size_t len;
	const char *name; /* NULL: none */
} table[] = {
#define LINE(text) text, sizeof(text)
	{ LINE("[lxc monitor] /var/lib/lxc web"), "web" },
	{ LINE("[lxc monitor] /var/lib/incus/containers shop_web"), "shop_web" },
	{ LINE("lxc-start\0-n\0web\0-F"), "web" },
	{ LINE("/usr/bin/lxc-start\0--name=web"), "web" },
	{ LINE("lxc-start\0-nweb\0-P\0/x"), "web" },
	{ LINE("lxc-execute\0--name\0web\0--\0-n\0other"), "web" },
	{ LINE("lxc-start\0-n\0a\0-n\0b"), "b" },
	{ LINE("lxc-start\0-n\0-n"), "-n" },
	{ LINE("[lxc monitor] /x a"), "a" },
	{ LINE("lxc-start\0-nw"), "w" },
	{ LINE("lxc-start\0-n\0w"), "w" },
	{ LINE("lxc-start\0--name=w\0--name="), NULL },
	{ LINE("lxc-start\0--name\0--name\0-F"), "--name" },
	{ LINE("lxc-start\0-n\0a/b"), NULL },
	{ LINE("lxc-start\0-N\0a"), NULL },
	{ LINE("lxc-start\0x\0--names=a"), NULL },
	{ LINE("/a/b/lxc-execute\0-na"), "a" },
	{ LINE("/lxc-start/x\0-na"), NULL },
	{ LINE("lxc-starts\0-na"), NULL },
	{ LINE("lxc monitor] /x a"), NULL },
	{ LINE("[lxc monitor] /  a"), NULL },
	{ LINE("[lxc monitor] / a"), "a" },
	{ LINE("[lxc monitor] / a b"), NULL },
	{ LINE("[lxc monitor] /x a "), NULL },
	/* which of them? */
	{ LINE("[lxc monitor] /my path web"), NULL },
	{ LINE("[lxc monitor] /var/lib/lxc a b"), NULL },
	{ LINE("[lxc monitor] /var/lib/lxc "), NULL },
	{ LINE("[lxc monitor] /var/lib/lxc"), NULL },
	{ LINE("[lxc monitor] web"), NULL },
	{ LINE("[lxc monitor] /x a/b"), NULL },
	/* others' */
	{ LINE("lxc-start\0web"), NULL },
	{ LINE("lxc-start\0-n"), NULL },
	{ LINE("lxc-start"), NULL },
	{ LINE("sh\0-n\0web"), NULL },
	{ LINE(""), NULL },
	{ "lxc-start\0-n\0we", 15, NULL },
	{ "", 0, NULL },
#undef LINE
};

static void monitor_names(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char out[64] = "";

		check_case = table[i].cmdline;
		CHECK_INT(lxc_monitor_name(table[i].cmdline, table[i].len, out, sizeof(out)),
			  table[i].name != NULL);
		if (table[i].name)
			CHECK_TEXT(out, table[i].name);
	}
}

static void never_a_part(void)
{
	char name[8];

	/* the longest that there is room for, and nothing behind it */
	memset(name, '#', sizeof(name));
	CHECK(lxc_monitor_name("lxc-start\0-n\0longnam", 21, name, sizeof(name)));
	CHECK_TEXT(name, "longnam");
	memset(name, '#', sizeof(name));
	CHECK(lxc_monitor_name("lxc-start\0-n\0a", 15, name, sizeof(name)));
	CHECK_TEXT(name, "a");
	CHECK(name[2] == '#');
	/* never a part of it */
	CHECK(!lxc_monitor_name("lxc-start\0-n\0longname", 22, name, sizeof(name)));
	CHECK(!lxc_monitor_find(getpid(), name, sizeof(name)));
	CHECK(!lxc_monitor_find(0, name, sizeof(name)));
}

static void started(void)
{
	char *args[] = { "lxc-start", "-n", "web", NULL };
	char name[8] = "";
	struct contained c;

	if (contained_start(&c, "lxc-start", args)) {
		CHECK(lxc_monitor_find(c.pid, name, sizeof(name)));
		CHECK_TEXT(name, "web");
	}
	/* its own parent is no lxc-start; nor is there a process 0, or one of no number */
	CHECK(!lxc_monitor_find(c.starter, name, sizeof(name)));
	CHECK(!lxc_monitor_find(-1, name, sizeof(name)));
	CHECK(!lxc_monitor_find(0x7fffff00, name, sizeof(name)));
	contained_end(&c);
}

/* By a command line of any length: each -s is a setting. */
static void started_with_much(void)
{
	static char setting[8192];
	char *args[] = { "lxc-start", "-n",    "no", "-s",  setting,
			 "-s",        setting, "-n", "web", NULL };
	char name[8] = "";
	struct contained c;

	memset(setting, 'x', sizeof(setting) - 1);
	if (contained_start(&c, "lxc-start", args)) {
		CHECK(lxc_monitor_find(c.pid, name, sizeof(name)));
		CHECK_TEXT(name, "web");
	}
	contained_end(&c);
}

int main(void)
{
	contained_main();
	RUN(started);
	RUN(started_with_much);
	RUN(monitor_names);
	RUN(never_a_part);
	return check_end();
}
