/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: who runs it, and what security modules forbid. */
#include <sys/types.h>
#include <unistd.h>

#include "base/io.h"
#include "doctor/checks.h"

static void check_yama(struct doctor *d)
{
	struct finding *f;
	char text[16];

	/* there only where Yama is; without it nothing is forbidden */
	if (read_kernel_file("/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) < 0)
		return;
	if (text[0] != '3') {
		finding_add(d, FINDING_OK, ID_YAMA, NULL, "root may use ptrace");
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_YAMA,
			"hooks and attach use ptrace to make a container mergeable; the "
			"runtime wrapper and ksm-hook run do not need it",
			"kernel.yama.ptrace_scope is 3, which forbids ptrace to everybody "
			"until the next boot");
	finding_advise(f, "set 2 or less where it is set, and reboot, or choose the wrapper "
			  "(--runtime ksm-runc): grep -rs ptrace_scope /etc/sysctl.conf "
			  "/etc/sysctl.d /usr/lib/sysctl.d");
}

static void check_selinux(struct doctor *d)
{
	struct finding *f;
	char text[16];

	if (read_kernel_file("/sys/fs/selinux/enforce", text, sizeof(text)) < 0 ||
	    text[0] != '1')
		return;
	f = finding_add(d, FINDING_NOTE, ID_SELINUX,
			"a policy may forbid the hook to trace the runtime's init, and "
			"containers to read the preload library; the audit log has what it "
			"denied",
			"SELinux is enforcing");
	finding_advise(f,
		       "ausearch -m avc -c ksm-hook lists what was denied; restorecon -v %s %s "
		       "gives both files their labels",
		       d->self, PRELOAD_LIBRARY);
}

void check_security(struct doctor *d)
{
	struct finding *f;

	if (geteuid() != 0) {
		f = finding_add(d, FINDING_NOTE, ID_ROOT,
				"the processes and files of other users cannot be read",
				"doctor runs as an ordinary user, so its report is incomplete");
		finding_advise(f, "sudo %s doctor", d->command);
	}
	check_yama(d);
	check_selinux(d);
}
