/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what the kernel can do, and what its security modules forbid. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"
#include "doctor/findings.h"

static const char no_merging[] = "without it nothing can be merged on this host";

void check_kernel(struct doctor *d)
{
	struct finding *f;

	d->kernel = probe_support();
	if (!d->kernel.ksm) {
		f = check_add(d, CHECK_BROKEN, "kernel-ksm", no_merging,
			      "this kernel has no KSM, or madvise(MADV_MERGEABLE) is refused "
			      "here");
		check_fix(f, "boot a kernel that was built with CONFIG_KSM=y");
		return;
	}
	check_add(d, CHECK_OK, "kernel-ksm", NULL, "KSM is in this kernel");
	if (!d->kernel.prctl) {
		f = check_add(
			d, CHECK_WARNING, "kernel-prctl",
			"the hook has nothing to put into a container; only the preload "
			"library marks memory here, and attach does once",
			"this kernel has no prctl(PR_SET_MEMORY_MERGE), or a filter hides "
			"it");
		check_fix(f, "boot Linux 6.10 or later (or 6.4 with the distribution's fixes)");
		return;
	}
	check_add(d, CHECK_OK, "kernel-prctl", NULL, "the kernel has the prctl%s",
		  d->kernel.exec == KSM_YES ? ", and the mark survives exec" : "");
}

void check_exec(struct doctor *d)
{
	struct finding *f;

	if (!d->kernel.prctl)
		return;
	/* one that keeps it and forgets to scan (6.7 to 6.9) is seen on its containers */
	if (d->kernel.exec != KSM_NO)
		return;
	if (d->registered.poststart || !d->registered.hook) {
		check_add(d, CHECK_OK, "kernel-exec", NULL,
			  "this kernel loses the mark at exec%s",
			  d->registered.hook ? ", and poststart, which repairs it, is there" :
					       "");
		return;
	}
	f = check_add(d, CHECK_BROKEN, "kernel-exec",
		      "containers are marked at createRuntime and lose the mark when their "
		      "program starts",
		      "this kernel loses the mark at exec, and no poststart hook repairs it");
	check_fix(f, "cd /usr/share/containers/oci/hooks.d && sed s/createRuntime/poststart/g "
		     "50-ksm-hook.json >51-ksm-hook-poststart.json");
}

static void yama(struct doctor *d)
{
	char *text __cleanup(check_free) = NULL;
	struct finding *f;
	struct error err;

	/* not there where Yama is not, and then it forbids nothing */
	if (check_read("/proc/sys/kernel/yama/ptrace_scope", &text, &err) < 0)
		return;
	if (text[0] != '3') {
		check_add(d, CHECK_OK, "yama", NULL, "ptrace is allowed to root");
		return;
	}
	f = check_add(
		d, CHECK_BROKEN, "yama",
		"hooks and attach put the call into a container by ptrace; the runtime "
		"wrapper and ksm-hook run do without",
		"kernel.yama.ptrace_scope is 3: ptrace is forbidden to everybody until the "
		"next boot");
	check_fix(f, "grep -rs ptrace_scope /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d; "
		     "set 2 or less there and reboot, or choose the wrapper (--runtime "
		     "ksm-runc)");
}

static void selinux(struct doctor *d)
{
	char *text __cleanup(check_free) = NULL;
	struct finding *f;
	struct error err;

	if (check_read("/sys/fs/selinux/enforce", &text, &err) < 0 || text[0] != '1')
		return;
	f = check_add(
		d, CHECK_NOTE, "selinux",
		"a policy may forbid the hook to trace the runtime's init, and containers "
		"to read the preload library; what it forbade is in the audit log",
		"SELinux is enforcing");
	check_fix(f, "ausearch -m avc -c ksm-hook; restorecon -v %s %s", d->self,
		  PRELOAD_LIBRARY);
}

void check_security(struct doctor *d)
{
	struct finding *f;

	if (geteuid() != 0) {
		f = check_add(d, CHECK_NOTE, "root",
			      "processes and files of others cannot be looked at",
			      "doctor runs as an ordinary user and sees little");
		check_fix(f, "sudo %s doctor", d->command);
	}
	yama(d);
	selinux(d);
}
