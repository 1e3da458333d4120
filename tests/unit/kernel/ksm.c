/* SPDX-License-Identifier: Apache-2.0 */
/* What smaps says of a process whose files have names that look like lines of it. */
#include "kernel/ksm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define LINE "VmFlags: rd wr mg "

/* LINE again and again, so many bytes, from its at-th byte on. */
static void fill_name(char *out, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		out[i] = LINE[(at + i) % (sizeof(LINE) - 1)];
	out[len] = '\0';
}

static pid_t child_that_maps(const char *file)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0 || ftruncate(fd, 4096) < 0 ||
		    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	return pid;
}

/* Wherever a buffer ends, what follows begins with LINE for one of its bytes. */
static void names_like_lines(void)
{
	char top[] = "/tmp/ksm-ksm.XXXXXX", name[256], dir[300], inner[600], file[900];

	if (!mkdtemp(top))
		abort();
	for (size_t at = 0; at < sizeof(LINE) - 1; at++) {
		pid_t pid;

		fill_name(name, sizeof(name) - 1, at);
		snprintf(dir, sizeof(dir), "%s/%s", top, name);
		snprintf(inner, sizeof(inner), "%s/%s", dir, name);
		snprintf(file, sizeof(file), "%s/%s", inner, name);
		CHECK(mkdir(dir, 0700) == 0 && mkdir(inner, 0700) == 0);
		pid = child_that_maps(file);
		/* as we are ourselves: not, unless whoever started us is mergeable */
		CHECK_INT(ksm_has_mergeable_mapping(pid), ksm_has_mergeable_mapping(getpid()));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		CHECK(unlink(file) == 0 && rmdir(inner) == 0 && rmdir(dir) == 0);
	}
	CHECK(rmdir(top) == 0);
}

enum made { BY_NOTHING, BY_MADVISE, BY_PRCTL };

/* A child with a page that is mergeable in that way; 0 where the kernel cannot. */
static pid_t child_made(enum made made)
{
	int ready[2];
	pid_t pid;
	char c;
	ssize_t n;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (page == MAP_FAILED ||
		    (made == BY_MADVISE && madvise(page, 4096, MADV_MERGEABLE) < 0) ||
		    (made == BY_PRCTL && ksm_merge_self() < 0) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	n = read(ready[0], &c, 1);
	close(ready[0]);
	if (n == 1)
		return pid;
	waitpid(pid, NULL, 0);
	return 0;
}

/* By what the kernel counts, and by smaps alone, as on kernels that do not tell. */
static void methods(void)
{
	static const struct {
		const char *what;
		enum made made;
		enum ksm_method method, quick;
		enum ksm_flag flag;
		bool mergeable;
	} of[] = {
		{ "none", BY_NOTHING, KSM_BY_NONE, KSM_BY_NONE, KSM_NO, false },
		{ "madvise", BY_MADVISE, KSM_BY_MADVISE, KSM_BY_NONE, KSM_NO, true },
		{ "prctl", BY_PRCTL, KSM_BY_PRCTL, KSM_BY_PRCTL, KSM_YES, true },
	};

	CHECK_TEXT(ksm_method_name(KSM_BY_UNKNOWN), "?");
	if (ksm_self_is_merged() != 0)
		return; /* a kernel that has no such prctl, or our children are all mergeable */
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct ksm_stat st, untold = { .merge_any = KSM_UNKNOWN };
		pid_t pid = child_made(of[i].made);
		bool seen = false;

		check_case = of[i].what;
		CHECK_TEXT(ksm_method_name(of[i].method), of[i].what);
		if (!pid)
			continue; /* without KSM */
		CHECK_INT(ksm_stat_read(pid, &st), 0);
		CHECK_INT(ksm_process_method(pid, &st), of[i].method);
		CHECK_INT(ksm_process_method(pid, &untold), of[i].method);
		CHECK_INT(ksm_process_method_quick(pid, &untold), of[i].quick);
		untold.rmap_items = 1;
		CHECK_INT(ksm_process_method_quick(pid, &untold), of[i].method);
		CHECK_INT(ksm_process_flag(pid, &seen), of[i].flag);
		CHECK_INT(seen, st.merge_any != KSM_UNKNOWN);
		CHECK_INT(ksm_has_mergeable_mapping(pid), of[i].mergeable);
		CHECK_INT(ksm_has_unmergeable_mapping(pid), of[i].made != BY_PRCTL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		CHECK(ksm_stat_read(pid, &st) < 0);
		CHECK(!ksm_has_mergeable_mapping(pid) && !ksm_has_unmergeable_mapping(pid));
		CHECK_INT(ksm_process_method(pid, &untold), KSM_BY_UNKNOWN);
		seen = true;
		CHECK_INT(ksm_process_flag(pid, &seen), KSM_UNKNOWN);
		CHECK(!seen);
	}
	check_case = "";
}

/* Where the kernel tells, its two words: the flag, and whether ksmd scans it. */
static void told(void)
{
	static const struct {
		enum ksm_flag merge_any, scanned;
		enum ksm_method method;
	} of[] = {
		{ KSM_YES, KSM_YES, KSM_BY_PRCTL }, { KSM_YES, KSM_UNKNOWN, KSM_BY_PRCTL },
		{ KSM_YES, KSM_NO, KSM_BY_NONE },   { KSM_NO, KSM_YES, KSM_BY_MADVISE },
		{ KSM_NO, KSM_NO, KSM_BY_NONE },    { KSM_NO, KSM_UNKNOWN, KSM_BY_NONE },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		const struct ksm_stat st = { .merge_any = of[i].merge_any,
					     .scanned = of[i].scanned };

		CHECK_INT(ksm_process_method(getpid(), &st), of[i].method);
		CHECK_INT(ksm_process_method_quick(getpid(), &st), of[i].method);
	}
}

static void sysfs(void)
{
	char text[64];
	int64_t value = -1;

	CHECK_INT(ksm_sysfs("no_such_file", &value), -ENOENT);
	CHECK_INT(ksm_sysfs_text("no_such_file", text, sizeof(text)), -ENOENT);
	if (access("/sys/kernel/mm/ksm/run", R_OK) < 0)
		return;
	CHECK_INT(ksm_sysfs_text("run", text, sizeof(text)), 0);
	CHECK_INT(strlen(text), 1);
	CHECK_INT(ksm_sysfs("run", &value), 0);
	CHECK_INT(value, text[0] - '0');
}

int main(void)
{
	RUN(methods);
	RUN(told);
	RUN(sysfs);
	RUN(names_like_lines);
	return check_end();
}
