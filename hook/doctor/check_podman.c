/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does podman call the hook, and are its runtimes there? */
#include "doctor/checks.h"
#include "doctor/hook_engine.h"
#include "doctor/host_files.h"

void check_podman(struct doctor *d)
{
	static struct engine_config c;

	if (!program_is_installed("podman"))
		return;
	c = (struct engine_config){ .dialect = CONTAINERS_CONF, .engine = "podman" };
	/* in the order of containers-config(5); podman before 6 has fewer of them */
	hook_dirs_add(&c.dirs, HOOKS_DIR);
	hook_engine_read(d, &c, "/usr/share/containers/containers.conf");
	hook_engine_read_dir(d, &c, "/usr/share/containers/containers.conf.d", ".conf");
	hook_engine_read(d, &c, "/etc/containers/containers.conf");
	hook_engine_read_dir(d, &c, "/etc/containers/containers.conf.d", ".conf");
	hook_engine_read_dir(d, &c, "/etc/containers/containers.rootful.conf.d", ".conf");
	/* with an empty list it looks in both, as it did before there was a list */
	if (c.dirs.n == 0) {
		hook_dirs_add(&c.dirs, HOOKS_DIR);
		hook_dirs_add(&c.dirs, "/etc/containers/oci/hooks.d");
	}
	hook_engine_check(d, &c);
}
