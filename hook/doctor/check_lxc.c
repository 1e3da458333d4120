/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does LXC call the hook? */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/checks.h"
#include "doctor/host_files.h"
#include "doctor/lxc_line.h"

#define DROP_INS "/usr/share/lxc/config/common.conf.d"

static void check_lxc_line(struct doctor *d, const char *file, char *line)
{
	const char *program = lxc_line_program(line);
	struct error what;
	struct finding *f;
	int r;

	if (!program || !program_is_ours(d, program))
		return;
	d->registered.lxc = true;
	r = program_check(program, &what);
	if (r == 0) {
		finding_add(d, FINDING_OK, ID_LXC_HOOK, NULL, "LXC calls the hook by %s", file);
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_LXC_HOOK,
			"no container that includes common.conf can start",
			"%s, which %s names", what.msg, file);
	program_fix(d, f, r, program, file);
}

/* False where it is not known what it calls. */
static bool check_lxc_drop_in(struct doctor *d, const char *file)
{
	char *text __cleanup(host_file_free) = NULL, *next;
	struct error err;

	if (host_file_read(file, &text, &err) < 0) {
		finding_unreadable(d, ID_LXC_HOOK, &err);
		return false;
	}
	for (char *line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		check_lxc_line(d, file, line);
	}
	return true;
}

void check_lxc(struct doctor *d)
{
	struct shell_word word;
	bool whole = true;
	struct finding *f;
	char **list;

	if (!program_is_installed("lxc-start") && !program_is_installed("incusd") &&
	    far_access("/opt/incus/bin/incusd", X_OK) < 0)
		return;
	list = host_files_list(DROP_INS, ".conf");
	for (size_t i = 0; list && list[i]; i++)
		whole = check_lxc_drop_in(d, list[i]) && whole;
	host_files_free(list);
	if (d->registered.lxc || !whole)
		return;
	f = finding_add(d, FINDING_WARNING, ID_LXC_HOOK,
			"KSM_MERGE=yes takes effect only in containers that include ksm.conf "
			"themselves",
			"LXC is installed, and no drop-in in " DROP_INS " calls the hook");
	/* LXC has a shell take the line apart */
	if (strcmp(shell_word(&word, d->self), d->self) == 0)
		finding_fix(f,
			    "mkdir -p " DROP_INS " && echo 'lxc.hook.mount = %s lxc' >" DROP_INS
			    "/50-ksm-hook.conf",
			    d->self);
}
