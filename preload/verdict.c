/* SPDX-License-Identifier: Apache-2.0 */
/* madvise mode: which mappings are worth it. */
#include "preload.h"
#include "sys.h"
#include <linux/sysinfo.h>

static uintptr_t ram;

void verdict_learn_ram(void)
{
	struct sysinfo info = { 0 };

	if (!sys3(__NR_sysinfo, (long)&info, 0, 0)) {
		uint64_t bytes = (uint64_t)info.totalram * info.mem_unit;

		ram = bytes > UINTPTR_MAX ? UINTPTR_MAX : bytes;
	}
}

int verdict_is_sparse(uintptr_t len, int accessible)
{
	return accessible ? ram && len > ram : len > VERDICT_RESERVED_MAX;
}

enum verdict mapping_verdict(const struct mapping *m)
{
	uintptr_t len = m->hi - m->lo;

	if (m->perms[3] != 'p')
		return SKIP;
	if (m->name[0] == '[' && m->name[1] == 'v') /* vdso, vvar, vvar_vclock, vsyscall */
		return SKIP;
	if (len < settings.threshold ||
	    verdict_is_sparse(len, m->perms[0] == 'r' || m->perms[1] == 'w'))
		return LEAVE_ALONE;
	if (m->perms[1] == 'w' || !m->is_file)
		return ADVISE;
	/* Data that the dynamic linker wrote and then protected. Other read-only file
	 * mappings have no anonymous pages: making them mergeable would only cost ksmd time. */
	return m->perms[0] == 'r' && m->perms[2] == '-' ? ADVISE_IF_DATA_FOLLOWS : SKIP;
}
