/* SPDX-License-Identifier: Apache-2.0 */
/* The anonymous pages of a process that are in memory: where, in which frames, of what kind. */
#ifndef KSM_PAGEMAP_H
#define KSM_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Kinds, as /proc/kpageflags has them (include/uapi/linux/kernel-page-flags.h) */
#define PAGE_ANON (1u << 12)
#define PAGE_KSM  (1u << 21) /* merged: other places may use the same frame */
#define PAGE_THP  (1u << 22) /* part of a huge page */
#define PAGE_ZERO (1u << 24) /* the kernel's zero page: uses no memory */

/* not of kpageflags: other places use this frame too, after a fork or as it is merged */
#define PAGE_MANY 1u

struct page {
	uint64_t addr;
	uint64_t frame;
	uint32_t kind;
};

enum pages_which {
	PAGES_ALL,
	/* only in mappings that KSM may merge (vma_ksm_compatible() of mm/ksm.c), and without tags */
	PAGES_ELIGIBLE,
	/* only in mappings that were made mergeable, by prctl or madvise, without tags */
	PAGES_MERGEABLE,
};

/* Called with up to PAGES_BATCH pages, addresses rising; anything but 0 ends the walk. */
#define PAGES_BATCH 512
typedef int pages_fn(void *arg, const struct page *page, size_t n);

/*
 * Every anonymous page of a process that is present: nothing is faulted in, swapped in or
 * written. The kernel's zero page is shown in mappings that have other anonymous pages as
 * well. Shared memory and hugetlb pages are not anonymous. The process runs on, so what is
 * told may be outdated. Memory is bounded, whatever the size of the process.
 * 0 or what fn returned; -ESRCH: there is no such process, or (Linux 6.16, else 0) it has no
 * memory any more (one that ends meanwhile just has no more pages); -EACCES, -EPERM: not
 * root (CAP_SYS_ADMIN, in the first user namespace); or -errno.
 */
int pages_walk(pid_t pid, enum pages_which which, pages_fn *fn, void *arg);

/* Pure: does an entry of /proc/PID/pagemap say that this frame is present, and anonymous? */
bool pages_entry_is(uint64_t entry, uint64_t frame);

/* Pure: would KSM merge in a mapping with this VmFlags line of smaps (without its name)? */
bool pages_flags_eligible(const char *flags);

#endif
