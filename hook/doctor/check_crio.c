/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does CRI-O call the hook, and are its runtimes there? */
#include "doctor/checks.h"
#include "doctor/engine_config.h"
#include "doctor/host_files.h"

void check_crio(struct doctor *d)
{
	static struct engine_config c;

	if (!program_is_installed("crio"))
		return;
	c = (struct engine_config){ .dialect = CRIO_CONF, .engine = "CRI-O" };
	hook_dirs_add(&c.dirs, HOOKS_DIR);
	engine_config_read(d, &c, "/etc/crio/crio.conf");
	engine_config_read_dir(d, &c, "/etc/crio/crio.conf.d", "");
	engine_config_check(d, &c);
}
