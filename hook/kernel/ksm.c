/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of KSM: the prctl, what /proc says per process, what sysfs says. */
#include "kernel/ksm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/proc.h"
#include "kernel/watched.h"

#define SYSFS "/sys/kernel/mm/ksm/"

int ksm_merge_self(void)
{
	/* all five, or the kernel answers EINVAL (kernel/sys.c) */
	return prctl(PR_SET_MEMORY_MERGE, 1L, 0L, 0L, 0L) < 0 ? -errno : 0;
}

int ksm_self_is_merged(void)
{
	int r = prctl(PR_GET_MEMORY_MERGE, 0L, 0L, 0L, 0L);

	return r < 0 ? -errno : r;
}

static int64_t counter(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoll(p + strlen(name), NULL, 10) : 0;
}

static enum ksm_flag flag(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	if (!p)
		return KSM_UNKNOWN;
	return strncmp(p + strlen(name), "yes", 3) == 0 ? KSM_YES : KSM_NO;
}

/* A file of its own first (Linux 5.19), a line of ksm_stat later (6.3) */
static void read_merging_pages(pid_t pid, const char *stat, struct ksm_stat *out)
{
	char text[32];

	out->counted = strstr(stat, "ksm_merging_pages ");
	out->merging_pages = counter(stat, "ksm_merging_pages ");
	if (out->counted || proc_read(pid, "ksm_merging_pages", text, sizeof(text)) <= 0)
		return;
	out->counted = true;
	out->merging_pages = strtoll(text, NULL, 10);
}

int ksm_stat_read(pid_t pid, struct ksm_stat *out)
{
	/* a few lines today; of a longer one those are at the beginning */
	char text[4096];
	ssize_t n;

	if (!watched_enter(pid))
		return -EBUSY;
	n = proc_read_head(pid, "ksm_stat", text, sizeof(text));
	watched_leave();
	if (n <= 0)
		return n ? (int)n : -ESRCH;
	read_merging_pages(pid, text, out);
	out->zero_pages = counter(text, "ksm_zero_pages ");
	out->rmap_items = counter(text, "ksm_rmap_items ");
	out->profit = counter(text, "ksm_process_profit ");
	out->merge_any = flag(text, "ksm_merge_any: ");
	out->scanned = flag(text, "ksm_mergeable: ");
	return 0;
}

/* The first "VmFlags:" line of smaps that fits; the whole of smaps is walked otherwise. */
static bool find_mapping(pid_t pid, bool (*fits)(const char *flags, void *arg), void *arg)
{
	char path[32], line[512];
	bool found = false, whole = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	if (!watched_enter(pid))
		return false;
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		watched_goes_on();
		/* the rest of a long line is a file's name, which may hold anything */
		if (whole && strncmp(line, "VmFlags:", 8) == 0)
			found = fits(line + 8, arg);
		whole = strchr(line, '\n');
	}
	if (f)
		fclose(f);
	watched_leave();
	return found;
}

/*
 * Writable, and neither shared nor of a kind that KSM leaves alone (vma_ksm_compatible() of
 * mm/ksm.c; the letters: proc_pid_smaps(5)).
 */
static bool could_merge(const char *flags)
{
	static const char *const never[] = { " sh ", " ms ", " pf ", " io ",
					     " de ", " ht ", " mm ", " dp " };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (strstr(flags, never[i]))
			return false;
	}
	return strstr(flags, " wr ");
}

static bool is_mergeable_mapping(const char *flags, void *arg)
{
	(void)arg;
	return strstr(flags, " mg ");
}

static bool lacks_mergeable(const char *flags, void *arg)
{
	return could_merge(flags) && !is_mergeable_mapping(flags, arg);
}

/* The first that could merge tells for all, but a stack (grows down), which exec makes early */
static bool tells_for_all(const char *flags, void *arg)
{
	enum ksm_flag *flag = arg;

	if (!could_merge(flags) || strstr(flags, " gd "))
		return false;
	*flag = is_mergeable_mapping(flags, NULL) ? KSM_YES : KSM_NO;
	return true;
}

static enum ksm_flag smaps_flag(pid_t pid)
{
	enum ksm_flag flag = KSM_UNKNOWN;

	(void)find_mapping(pid, tells_for_all, &flag);
	return flag;
}

bool ksm_has_mergeable_mapping(pid_t pid)
{
	return find_mapping(pid, is_mergeable_mapping, NULL);
}

bool ksm_has_unmergeable_mapping(pid_t pid)
{
	return find_mapping(pid, lacks_mergeable, NULL);
}

static enum ksm_method find_method(pid_t pid, const struct ksm_stat *st, bool all_scanned)
{
	enum ksm_flag flag;

	if (st->merge_any == KSM_YES)
		return st->scanned == KSM_NO ? KSM_BY_NONE : KSM_BY_PRCTL;
	/* where the kernel tells, it has looked for a mergeable mapping itself */
	if (st->merge_any == KSM_NO)
		return st->scanned == KSM_YES ? KSM_BY_MADVISE : KSM_BY_NONE;
	flag = smaps_flag(pid);
	if (flag == KSM_YES)
		return ksm_self_is_merged() == -EINVAL ? KSM_BY_MADVISE : KSM_BY_PRCTL;
	if (flag == KSM_UNKNOWN)
		return KSM_BY_UNKNOWN;
	if (all_scanned && st->rmap_items == 0)
		return KSM_BY_NONE;
	return ksm_has_mergeable_mapping(pid) ? KSM_BY_MADVISE : KSM_BY_NONE;
}

enum ksm_method ksm_process_method(pid_t pid, const struct ksm_stat *st)
{
	return find_method(pid, st, false);
}

enum ksm_method ksm_process_method_quick(pid_t pid, const struct ksm_stat *st)
{
	return find_method(pid, st, true);
}

const char *ksm_method_name(enum ksm_method method)
{
	switch (method) {
	case KSM_BY_PRCTL:
		return "prctl";
	case KSM_BY_MADVISE:
		return "madvise";
	case KSM_BY_NONE:
		return "none";
	default:
		return "?";
	}
}

enum ksm_flag ksm_process_flag(pid_t pid, bool *seen)
{
	struct ksm_stat st;

	*seen = true;
	if (ksm_stat_read(pid, &st) == 0 && st.merge_any != KSM_UNKNOWN)
		return st.merge_any == KSM_YES && st.scanned != KSM_NO ? KSM_YES : KSM_NO;
	*seen = false;
	return smaps_flag(pid);
}

int ksm_sysfs_text(const char *name, char *buf, size_t size)
{
	char path[96];
	ssize_t n;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	n = read_kernel_file(path, buf, size);
	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int ksm_sysfs(const char *name, int64_t *out)
{
	char text[32];
	int r = ksm_sysfs_text(name, text, sizeof(text));

	return r < 0 ? r : parse_int(text, strlen(text), INT64_MIN, INT64_MAX, out);
}
