/* SPDX-License-Identifier: Apache-2.0 */
/* With more empty address space than the bound: kept out, taken out, and who has less is not. */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "check.h"
#include "targets.h"

#define GIB ((int64_t)1 << 30)

static pid_t start_sparse(bool mergeable)
{
	/* build/unit/inject/set_mergeable_sparse: a program without a sanitizer's address space */
	char own[PATH_MAX], path[PATH_MAX + 32];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	int ready[2];
	char byte;
	pid_t pid;

	if (len <= 0)
		abort();
	own[len] = '\0';
	snprintf(path, sizeof(path), "%.*s/../../tests/sparse", (int)(strrchr(own, '/') - own),
		 own);
	if (pipe(ready) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		if (mergeable)
			execl(path, "sparse", "64", NULL);
		execl(path, "sparse", "64", "plain", NULL);
		_exit(1);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void bounded(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .max_sparse = 32 * GIB };
	struct set_mergeable off = m;
	pid_t pids[] = { start_sparse(false), start(), start_sparse(true) };
	struct error err;

	off.off = true;
	CHECK_INT(set_mergeable_pass(&m, pids, 2, &err), 2);
	CHECK_INT(set_mergeable_failed(&m), 1);
	for (size_t i = 0; i < m.n; i++)
		CHECK(m.row[i].pid != pids[0] || (m.row[i].result == -EPERM &&
						  m.row[i].err.reason == REASON_TARGET_SPARSE));
	CHECK(!is_mergeable(pids[0]));
	CHECK(is_mergeable(pids[1]));
	CHECK(is_mergeable(pids[2]));
	/* it failed, and is not tried again by itself; nor does it pass for done */
	CHECK_INT(set_mergeable_pass(&m, pids, 2, &err), 0);
	CHECK_INT(set_mergeable_failed(&m), 1);
	CHECK_INT(set_mergeable_pass(&off, pids, 3, &err), 1);
	CHECK_INT(off.n, 1);
	CHECK(is_mergeable(pids[1]));
	CHECK(!is_mergeable(pids[2]));
	set_mergeable_free(&m);
	set_mergeable_free(&off);
	/* with a bound above it */
	m.max_sparse = 128 * GIB;
	CHECK_INT(set_mergeable_pass(&m, pids, 3, &err), 2);
	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK(is_mergeable(pids[0]));
	set_mergeable_free(&m);
	for (size_t i = 0; i < 3; i++)
		end(pids[i]);
}

int main(void)
{
	RUN(bounded);
	return check_end();
}
