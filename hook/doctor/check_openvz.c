/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does OpenVZ run the action script, and the script its helper? */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/checks.h"
#include "doctor/host_files.h"
#include "doctor/vz_script.h"

#define VZ_MOUNT "/etc/vz/conf/vps.mount"

void check_openvz(struct doctor *d)
{
	char *text __cleanup(host_file_free) = NULL;
	struct error what;
	const char *helper, *program = VZ_MOUNT;
	int r;
	struct finding *f;

	if (far_access("/etc/vz/vz.conf", F_OK) < 0)
		return;
	if (host_file_read(VZ_MOUNT, &text, &what) < 0 || !vz_script_helper(text, &helper)) {
		f = finding_add(
			d, FINDING_WARNING, ID_OPENVZ_SCRIPT,
			"KSM_MERGE=\"yes\" in a container's configuration has no effect",
			"this is an OpenVZ host, and " VZ_MOUNT " is not ksm-hook's");
		finding_advise(f, "install ksm-hook's files for OpenVZ: make install-openvz");
		return;
	}
	r = program_check(program, &what);
	if (r == 0) {
		program = helper;
		r = program_check(program, &what);
	}
	if (r == 0) {
		finding_add(d, FINDING_OK, ID_OPENVZ_SCRIPT, NULL, "OpenVZ runs " VZ_MOUNT);
		return;
	}
	f = finding_add(
		d, FINDING_BROKEN, ID_OPENVZ_SCRIPT,
		"vzctl starts no container whose script cannot be executed, and without "
		"the helper nothing is merged",
		"%s", what.msg);
	program_fix(d, f, r, program, NULL);
}
