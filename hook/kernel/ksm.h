/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of KSM: the prctl, what /proc says per process, what sysfs says. */
#ifndef KSM_KSM_H
#define KSM_KSM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* include/uapi/linux/prctl.h since Linux 6.4 (d7597f59d1d3); libc headers may be older */
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68

/* Make this process and what it will be mergeable; 0, -EINVAL where the kernel cannot. */
int ksm_merge_self(void);

/* 1 mergeable, 0 not, -EINVAL where the kernel has no such prctl. */
int ksm_self_is_merged(void);

/* What the kernel keeps of each page that ksmd has scanned: struct ksm_rmap_item, mm/ksm.c. */
#define KSM_ITEM_BYTES 64

enum ksm_flag { KSM_UNKNOWN = -1, KSM_NO, KSM_YES };

/* /proc/PID/ksm_stat (Linux 6.1); counters that a kernel lacks are 0. */
struct ksm_stat {
	int64_t merging_pages;   /* mappings of this process that use a merged page */
	bool counted;            /* the kernel says how many these are (Linux 5.19) */
	int64_t zero_pages;      /* mappings that use the kernel's zero page */
	int64_t rmap_items;      /* scanned pages, 64 bytes of kernel memory each */
	int64_t profit;          /* bytes, as the kernel counts it */
	enum ksm_flag merge_any; /* the prctl is set; unknown before about Linux 6.14 */
	enum ksm_flag scanned;   /* ksmd scans the address space; likewise */
};

/*
 * 0; -ESRCH: none, or it has no memory (kernel/process.h); -ENOENT: kernels without the file;
 * -EBUSY: it holds up whoever looks at it (kernel/watched.h).
 */
int ksm_stat_read(pid_t pid, struct ksm_stat *out);

/*
 * Is the process mergeable as the prctl makes it? From ksm_stat where the kernel says it
 * there, else from the first mapping's VmFlags in smaps, which cannot tell a process that
 * ksmd has lost (Linux 6.7 to 6.9): seen is set to false then.
 */
enum ksm_flag ksm_process_flag(pid_t pid, bool *seen);

/* How a process became mergeable, as far as that can be seen on it. */
enum ksm_method { KSM_BY_UNKNOWN = -1, KSM_BY_NONE, KSM_BY_PRCTL, KSM_BY_MADVISE };

/*
 * st is the process's ksm_stat, or has merge_any unknown. Where the kernel does not tell, a
 * mergeable mapping is put down to PR_SET_MEMORY_MERGE if it has that.
 */
enum ksm_method ksm_process_method(pid_t pid, const struct ksm_stat *st);

/*
 * The same where st was read and ksmd has completed a full scan: a process that it holds no items
 * of has no mapping that madvise made mergeable, or it is younger than the last scan. The walk over all of
 * smaps that it saves is what takes longest on kernels that do not tell (before about 6.14).
 */
enum ksm_method ksm_process_method_quick(pid_t pid, const struct ksm_stat *st);
const char *ksm_method_name(enum ksm_method method);

/* Is any mapping mergeable? Is any not that madvise would make so? (VmFlags of smaps) */
bool ksm_has_mergeable_mapping(pid_t pid);
bool ksm_has_unmergeable_mapping(pid_t pid);

/* A number from /sys/kernel/mm/ksm; -ENOENT where this kernel has no such file. */
int ksm_sysfs(const char *name, int64_t *out);

/* The first line of a file there, without the newline. */
int ksm_sysfs_text(const char *name, char *buf, size_t size);

#endif
