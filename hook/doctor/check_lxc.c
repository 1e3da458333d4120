/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: do LXC and OpenVZ call us? */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"
#include "doctor/findings.h"

#define DROP_INS "/usr/share/lxc/config/common.conf.d"
#define VZ_MOUNT "/etc/vz/conf/vps.mount"

/*
 * The program of an lxc.hook.mount or lxc.hook.start-host line that ends in "lxc"; the line is
 * cut behind it. NULL for any other.
 */
static const char *hook_of(char *line)
{
	char *program, *end;

	line += strspn(line, " \t");
	if (strncmp(line, "lxc.hook.mount", 14) != 0 &&
	    strncmp(line, "lxc.hook.start-host", 19) != 0)
		return NULL;
	program = strchr(line, '=');
	if (!program)
		return NULL;
	program += 1 + strspn(program + 1, " \t");
	end = program + strcspn(program, " \t");
	if (strncmp(end + strspn(end, " \t"), "lxc", 3) != 0)
		return NULL;
	*end = '\0';
	return program[0] == '/' ? program : NULL;
}

static void line(struct doctor *d, const char *file, char *text)
{
	const char *program = hook_of(text);
	struct error what, fix;
	struct finding *f;
	int r;

	if (!program || !check_is_ours(d, program))
		return;
	d->registered.lxc = true;
	r = check_program(program, &what, &fix);
	if (r == 0) {
		check_add(d, CHECK_OK, "lxc-hook", NULL, "LXC calls the hook by %s", file);
		return;
	}
	f = check_add(d, CHECK_BROKEN, "lxc-hook",
		      "no container that includes common.conf can start", "%s, which %s names",
		      what.msg, file);
	check_fix_program(d, f, r, file, program, &fix);
}

static void drop_in(struct doctor *d, const char *file)
{
	char *text __cleanup(check_free) = NULL, *next;
	struct error err;

	if (check_read(file, &text, &err) < 0) {
		check_unreadable(d, "lxc-hook", &err);
		return;
	}
	for (char *p = text; p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		line(d, file, p);
	}
}

void check_lxc(struct doctor *d)
{
	struct finding *f;
	char **list;

	if (!check_installed("lxc-start") && !check_installed("incusd") &&
	    access("/opt/incus/bin/incusd", X_OK) < 0)
		return;
	list = check_list(DROP_INS, ".conf");
	for (size_t i = 0; list && list[i]; i++)
		drop_in(d, list[i]);
	check_free_list(list);
	if (d->registered.lxc)
		return;
	f = check_add(d, CHECK_WARNING, "lxc-hook",
		      "KSM_MERGE=yes has no effect but in containers that include ksm.conf by "
		      "themselves",
		      "LXC is installed, and no drop-in in " DROP_INS " calls the hook");
	check_fix(f, "echo 'lxc.hook.mount = %s lxc' >" DROP_INS "/50-ksm-hook.conf", d->self);
}

/* The helper that our action script starts: what stands before " mount " in its line. */
static bool helper_of(char *text, const char **out)
{
	char *end = strstr(text, "/ksm-openvz mount "), *p;

	if (!end)
		return false;
	end += strlen("/ksm-openvz");
	*end = '\0';
	p = strrchr(text, '\n');
	*out = p ? p + 1 : text;
	return (*out)[0] == '/';
}

void check_openvz(struct doctor *d)
{
	char *text __cleanup(check_free) = NULL;
	struct error what, fix;
	const char *helper;
	struct finding *f;

	if (access("/etc/vz/vz.conf", F_OK) < 0)
		return;
	if (check_read(VZ_MOUNT, &text, &what) < 0 || !helper_of(text, &helper)) {
		f = check_add(d, CHECK_WARNING, "openvz-script",
			      "KSM_MERGE=\"yes\" in a container's configuration has no effect",
			      "this is an OpenVZ host, and " VZ_MOUNT " is not ours");
		check_fix(f, "make install-openvz");
		return;
	}
	if (check_program(VZ_MOUNT, &what, &fix) == 0 &&
	    check_program(helper, &what, &fix) == 0) {
		check_add(d, CHECK_OK, "openvz-script", NULL, "OpenVZ runs " VZ_MOUNT);
		return;
	}
	f = check_add(d, CHECK_BROKEN, "openvz-script",
		      "vzctl starts no container whose script cannot be executed, and without "
		      "the helper nothing is merged",
		      "%s", what.msg);
	check_fix(f, "%s", fix.msg);
}
