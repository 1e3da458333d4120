/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does CRI-O call the hook, and are its runtimes there? */
#include "doctor/checks.h"
#include "doctor/hook_engine.h"
#include "doctor/host_files.h"

void check_crio(struct doctor *d)
{
	static struct engine_config c;

	if (!program_is_installed("crio"))
		return;
	c = (struct engine_config){ .dialect = CRIO_CONF, .engine = "CRI-O" };
	hook_dirs_add(&c.dirs, HOOKS_DIR);
	hook_engine_read(d, &c, "/etc/crio/crio.conf");
	hook_engine_read_dir(d, &c, "/etc/crio/crio.conf.d", "");
	hook_engine_check(d, &c);
}
