/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook/stats/aggregate.c: who came into a container later. The topmost ancestors of processes: of trees, of
 * what is not known, and in linear time.
 */
#include "stats/aggregate.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "stats/process_of.h"

#define OUT  PARENT_OUTSIDE
#define GONE PARENT_UNKNOWN
#define NONE TOPMOST_UNKNOWN

static const struct {
	const char *what;
	size_t n, parent[6], topmost[6];
} cases[] = {
	{ "one", 1, { OUT }, { 0 } },
	{ "one whose parent is not known", 1, { GONE }, { NONE } },
	{ "a chain", 4, { OUT, 0, 1, 2 }, { 0, 0, 0, 0 } },
	{ "a chain by falling numbers", 4, { 1, 2, 3, OUT }, { 3, 3, 3, 3 } },
	{ "two trees", 6, { OUT, 0, 0, OUT, 3, 4 }, { 0, 0, 0, 3, 3, 3 } },
	{ "below one that has ended", 3, { GONE, 0, OUT }, { NONE, NONE, 2 } },
	{ "a circle", 3, { 1, 2, 0 }, { NONE, NONE, NONE } },
	{ "its own parent", 2, { 0, OUT }, { NONE, 1 } },
	{ "into a circle", 5, { 1, 2, 1, 0, OUT }, { NONE, NONE, NONE, NONE, 4 } },
};

/* falling: children have lower numbers than their parents */
static void deep_chain(size_t n, bool falling)
{
	size_t *parent = calloc(n, sizeof(*parent)), *topmost = calloc(n, sizeof(*topmost));
	size_t wrong = 0, top = falling ? n - 1 : 0;

	if (!parent || !topmost)
		abort();
	for (size_t i = 0; i < n; i++)
		parent[i] = i == top ? OUT : falling ? i + 1 : i - 1;
	CHECK_INT(find_topmost(parent, n, topmost), 2 * n);
	for (size_t i = 0; i < n; i++)
		wrong += topmost[i] != top;
	CHECK_INT(wrong, 0);
	free(parent);
	free(topmost);
}

static pid_t sleeper(bool with_child, pid_t *child)
{
	int ready[2];
	pid_t pid, inner = 0;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		inner = with_child ? fork() : 0;
		if (with_child && inner == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (write(ready[1], &inner, sizeof(inner)) != sizeof(inner))
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_INT(read(ready[0], &inner, sizeof(inner)), sizeof(inner));
	close(ready[0]);
	close(ready[1]);
	if (child)
		*child = inner;
	return pid;
}

/* A container's first process has a child; another came in from outside, later. */
static void entered(void)
{
	struct process_stats p[3];
	struct fork_group *group = NULL;
	size_t groups = 0;
	pid_t child = 0, first = sleeper(true, &child), exec;

	usleep(30000); /* a start is told in hundredths of a second */
	exec = sleeper(false, NULL);
	p[0] = process("c", exec, 30, KSM_BY_NONE, 0);
	p[1] = process("c", child, 20, KSM_BY_NONE, 0);
	p[2] = process("c", first, 10, KSM_BY_PRCTL, 1);
	CHECK_INT(find_fork_groups(p, 3, &group, &groups), 0);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(p[i].entered, p[i].pid == exec);
	free(group);
	/* where none is mergeable, nobody has come in beside it */
	p[0] = process("c", exec, 30, KSM_BY_NONE, 0);
	p[1] = process("c", child, 20, KSM_BY_NONE, 0);
	p[2] = process("c", first, 10, KSM_BY_NONE, 0);
	CHECK_INT(find_fork_groups(p, 3, &group, &groups), 0);
	for (size_t i = 0; i < 3; i++)
		CHECK(!p[i].entered);
	free(group);
	kill(child, SIGKILL);
	kill(first, SIGKILL);
	kill(exec, SIGKILL);
	waitpid(first, NULL, 0);
	waitpid(exec, NULL, 0);
}

/* Each is the child of the one before; they end with the first. */
static void start_chain(pid_t *pid, size_t n)
{
	int ready[2];

	if (pipe(ready) < 0)
		abort();
	if (fork() == 0) {
		for (size_t i = 0; i < n; i++) {
			pid_t self = getpid();

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (write(ready[1], &self, sizeof(self)) != sizeof(self))
				_exit(1);
			if (i + 1 == n || fork() != 0)
				break;
		}
		for (;;)
			pause();
	}
	for (size_t i = 0; i < n; i++)
		CHECK_INT(read(ready[0], &pid[i], sizeof(*pid)), sizeof(*pid));
	close(ready[0]);
	close(ready[1]);
}

/* Whoever is below the first, however deep, was there from the start; two who came in are not. */
static void entered_deep(void)
{
	enum { DEEP = 9, LATE = 3, ALL = DEEP + LATE };
	pid_t pid[ALL];
	struct process_stats p[ALL];
	struct fork_group *group = NULL;
	size_t groups = 0;

	start_chain(pid, DEEP);
	usleep(30000); /* a start is told in hundredths of a second */
	start_chain(pid + DEEP, LATE);
	/* whichever of the first ones is the mergeable one, and whichever is the last to be looked at */
	for (size_t which = 0; which < DEEP; which++) {
		for (size_t i = 0; i < ALL; i++)
			p[i] = process("c", pid[(i + which) % ALL], i + 1, KSM_BY_NONE, 0);
		for (size_t i = 0; i < ALL; i++) {
			if (p[i].pid == pid[which])
				p[i].method = which % 2 ? KSM_BY_PRCTL : KSM_BY_MADVISE;
			/* of what is not known it is not told */
			if (p[i].pid == pid[ALL - 1] && which == 1)
				p[i].method = KSM_BY_UNKNOWN;
		}
		CHECK_INT(find_fork_groups(p, ALL, &group, &groups), 0);
		CHECK_INT(groups, ALL);
		for (size_t i = 0; i < ALL; i++) {
			bool late = false;

			for (size_t k = DEEP; k < ALL; k++)
				late |= p[i].pid == pid[k] && p[i].method != KSM_BY_UNKNOWN;
			CHECK_INT(p[i].entered, late);
		}
		free(group);
	}
	for (size_t i = 0; i < ALL; i++)
		kill(pid[i], SIGKILL);
	waitpid(pid[0], NULL, 0);
	waitpid(pid[DEEP], NULL, 0);
}

/* Of one that has ended nothing is known, also where it stands before all others. */
static void entered_beside_one_that_ended(void)
{
	struct process_stats p[4];
	struct fork_group *group = NULL;
	size_t groups = 0;
	pid_t gone = sleeper(false, NULL), child = 0, first = sleeper(true, &child);

	kill(gone, SIGKILL);
	waitpid(gone, NULL, 0);
	p[0] = process("c", gone, 1, KSM_BY_PRCTL, 1);
	p[1] = process("c", first, 20, KSM_BY_NONE, 0);
	p[2] = process("c", child, 30, KSM_BY_NONE, 0);
	p[3] = process("c", NOBODY, 40, KSM_BY_UNKNOWN, 0);
	CHECK_INT(find_fork_groups(p, 4, &group, &groups), 0);
	CHECK_INT(groups, 4);
	for (size_t i = 0; i < 4; i++) {
		check_case = p[i].pid == gone ? "gone" : p[i].pid == first ? "first" : "other";
		CHECK(!p[i].entered);
	}
	free(group);
	/* where nothing but what is mergeable is known, nobody can be told apart */
	p[0] = process("c", first, 1, KSM_BY_PRCTL, 1);
	p[1] = process("c", child, 2, KSM_BY_UNKNOWN, 0);
	CHECK_INT(find_fork_groups(p, 2, &group, &groups), 0);
	CHECK(!p[0].entered && !p[1].entered);
	free(group);
	kill(child, SIGKILL);
	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
}

static void circles(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t topmost[6];

		check_case = cases[i].what;
		/* each is met once on the way up, and once more to write down what was found */
		CHECK_INT(find_topmost(cases[i].parent, cases[i].n, topmost), 2 * cases[i].n);
		for (size_t k = 0; k < cases[i].n; k++)
			CHECK_INT(topmost[k], cases[i].topmost[k]);
	}
}

static void nested(void)
{
	check_case = "10,000 nested";
	deep_chain(10000, false);
	deep_chain(10000, true);
}

int main(void)
{
	RUN(entered);
	RUN(entered_deep);
	RUN(entered_beside_one_that_ended);
	RUN(circles);
	RUN(nested);
	return check_end();
}
