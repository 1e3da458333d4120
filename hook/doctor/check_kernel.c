/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what the kernel can do, and how containers stay mergeable over exec. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "doctor/checks.h"

void check_kernel(struct doctor *d)
{
	struct finding *f;

	if (!d->kernel.ksm) {
		f = finding_add(d, FINDING_BROKEN, ID_KERNEL_KSM,
				"without it nothing can be merged on this host",
				"this kernel has no KSM, or madvise(MADV_MERGEABLE) is refused "
				"here");
		finding_advise(f, "boot a kernel that was built with CONFIG_KSM=y");
		return;
	}
	finding_add(d, FINDING_OK, ID_KERNEL_KSM, NULL, "KSM is in this kernel");
	if (!d->kernel.prctl) {
		f = finding_add(
			d, FINDING_WARNING, ID_KERNEL_PRCTL,
			"the hook cannot make a container mergeable here; the preload library "
			"can, and attach can once for what is running",
			"this kernel has no PR_SET_MEMORY_MERGE, or a seccomp filter refuses "
			"it");
		finding_advise(
			f, "boot Linux 6.10 or later (or 6.4 with the distribution's fixes)");
		return;
	}
	finding_add(d, FINDING_OK, ID_KERNEL_PRCTL, NULL,
		    "the kernel has PR_SET_MEMORY_MERGE%s",
		    d->kernel.exec == KSM_YES ? ", and keeps it at exec" : "");
}

void check_exec(struct doctor *d)
{
	struct shell_word file, other;
	char path[PATH_MAX];
	struct finding *f;

	if (!d->kernel.prctl)
		return;
	/* one that keeps it and forgets to scan (6.7 to 6.9) is seen on its containers */
	if (d->kernel.exec != KSM_NO)
		return;
	if (d->registered.poststart || !d->registered.hook) {
		finding_add(d, FINDING_OK, ID_KERNEL_EXEC, NULL,
			    "programs do not stay mergeable at exec on this kernel%s",
			    d->registered.hook ?
				    ", and the poststart hook, which repairs it, is there" :
				    "");
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_KERNEL_EXEC,
			"containers are made mergeable at createRuntime, and are no longer "
			"when their program starts",
			"programs do not stay mergeable at exec on this kernel, and no "
			"poststart hook repairs it");
	snprintf(path, sizeof(path), "%.*s/51-ksm-hook-poststart.json",
		 (int)(strrchr(d->registered.file, '/') - d->registered.file),
		 d->registered.file);
	finding_fix(f, "sed -E 's/createRuntime|prestart/poststart/g' %s >%s",
		    shell_word(&file, d->registered.file), shell_word(&other, path));
}
