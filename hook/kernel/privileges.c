/* SPDX-License-Identifier: Apache-2.0 */
/* What a command goes on with, once it knows what it has to do: the rest is given up for good. */
#include "kernel/privileges.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "kernel/look_filter.h"
#include "kernel/privileges_attack.h"

#define CAPABILITY(name) (UINT64_C(1) << (name))

/* Other users' files of /proc: smaps and pagemap by the one, ksm_stat by its mode. */
#define READ_PROC (CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH))

static const uint64_t kept[] = {
	[PRIVILEGES_COUNTERS] = READ_PROC,
	/* frame numbers are 0 to others (fs/proc/task_mmu.c), and what is read is not swapped out */
	[PRIVILEGES_PAGES] = READ_PROC | CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_IPC_LOCK),
	[PRIVILEGES_OUTPUT] = READ_PROC | CAPABILITY(CAP_DAC_OVERRIDE),
	/* PTRACE_O_SUSPEND_SECCOMP (kernel/ptrace.c); files of users' below /run; the tracer */
	[PRIVILEGES_INJECT] = READ_PROC | CAPABILITY(CAP_SYS_ADMIN) |
			      CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_KILL),
	/* the same, and the limit of an init's stack, which may be above its hard one */
	[PRIVILEGES_HOOK] = READ_PROC | CAPABILITY(CAP_SYS_ADMIN) |
			    CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_KILL) |
			    CAPABILITY(CAP_SYS_RESOURCE),
};

/* What no later program of ours could have; takes CAP_SETPCAP, so whoever lacks it has no say. */
static void bound(uint64_t keep)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (!(keep & CAPABILITY(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return;
	}
}

static void keep_of(struct __user_cap_data_struct *have, uint32_t keep)
{
	have->permitted &= keep;
	have->effective &= keep;
	/* and with it what is ambient */
	have->inheritable = 0;
}

int privileges_reduce(enum privileges keep, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { 0 };

	/* no_new_privs is enough; 80 system calls for a second lock are too many for a start */
	if (keep != PRIVILEGES_HOOK)
		bound(kept[keep]);
	if (syscall(SYS_capget, &header, have) < 0)
		return err_errno(err, errno, "giving up privileges: capget");
	keep_of(&have[0], (uint32_t)kept[keep]);
	keep_of(&have[1], (uint32_t)(kept[keep] >> 32));
	if (syscall(SYS_capset, &header, have) < 0)
		return err_errno(err, errno, "giving up privileges: capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "giving up privileges: no_new_privs");
	return 0;
}

/* In this process and its children. The filter refuses another one. */
static bool only_looks;

int privileges_only_look(enum privileges keep, struct error *err)
{
	struct sock_fprog filter = { ARRAY_SIZE(look_filter),
				     (struct sock_filter *)look_filter };
	int r;

	if (only_looks)
		return 0;
	fault_attack("control");
	r = privileges_reduce(keep, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return err_errno(err, errno, "giving up privileges: seccomp");
	only_looks = true;
	fault_attack("attack");
	return 0;
}
