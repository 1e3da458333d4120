/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of KSM: the prctl, what /proc says per process, what sysfs says. */
#include "ksm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "proc.h"

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

/* Linux 5.19 to 6.3 have a file of its own for it */
static int64_t merging_pages(pid_t pid)
{
	char text[32];

	return proc_read(pid, "ksm_merging_pages", text, sizeof(text)) > 0 ?
		       strtoll(text, NULL, 10) :
		       0;
}

static enum ksm_flag flag(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	if (!p)
		return KSM_UNKNOWN;
	return strncmp(p + strlen(name), "yes", 3) == 0 ? KSM_YES : KSM_NO;
}

int ksm_stat_read(pid_t pid, struct ksm_stat *out)
{
	char text[512];
	ssize_t n = proc_read(pid, "ksm_stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	out->merging_pages = strstr(text, "ksm_merging_pages ") ?
				     counter(text, "ksm_merging_pages ") :
				     merging_pages(pid);
	out->zero_pages = counter(text, "ksm_zero_pages ");
	out->rmap_items = counter(text, "ksm_rmap_items ");
	out->profit = counter(text, "ksm_process_profit ");
	out->merge_any = flag(text, "ksm_merge_any: ");
	out->scanned = flag(text, "ksm_mergeable: ");
	return 0;
}

/* VmFlags of the first mapping that could merge: private and writable ("wr" without "sh") */
static enum ksm_flag smaps_flag(pid_t pid)
{
	char path[32], line[512];
	enum ksm_flag found = KSM_UNKNOWN;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	if (!f)
		return KSM_UNKNOWN;
	while (found == KSM_UNKNOWN && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmFlags:", 8) != 0 || !strstr(line, " wr ") ||
		    strstr(line, " sh ") || strstr(line, " io ") || strstr(line, " gd "))
			continue;
		found = strstr(line, " mg ") ? KSM_YES : KSM_NO;
	}
	fclose(f);
	return found;
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
	__cleanup(close_fd) int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read_all(fd, buf, size - 1, 0);
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
