/* SPDX-License-Identifier: Apache-2.0 */
/* The list of agents that have had ksmd set. */
#include "ksmd/agents.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "kernel/proc.h"

static pid_t start_agent(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

/* It stays a zombie where it is not waited for. */
static void end_agent(pid_t pid, bool is_waited_for)
{
	siginfo_t info;

	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | (is_waited_for ? 0 : WNOWAIT)), 0);
}

static void the_last_one_is_alone(void)
{
	struct ksmd_enabled t = { 0 };
	pid_t a = start_agent(), b = start_agent(), other = -1;
	struct error err;

	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), 0);
	CHECK_INT(other, 0);
	CHECK_INT(ksmd_agents_add(&t, b, &other, &err), 0);
	CHECK_INT(other, a);
	CHECK_INT(t.agents, 2);
	/* in whichever order they end */
	CHECK(ksmd_agents_remove(&t, a, &other));
	CHECK_INT(other, b);
	CHECK(!ksmd_agents_remove(&t, a, &other));
	CHECK_INT(other, 0);
	CHECK(ksmd_agents_remove(&t, b, &other));
	CHECK_INT(other, 0);
	CHECK_INT(t.agents, 0);
	end_agent(a, true);
	end_agent(b, true);
}

/* Whichever of three goes, the others stay in the order in which they came. */
static void one_of_three_goes(void)
{
	pid_t pid[3] = { start_agent(), start_agent(), start_agent() }, other;
	struct error err;

	for (size_t gone = 0; gone < 3; gone++) {
		struct ksmd_enabled t = { 0 };
		size_t n = 0;

		for (size_t i = 0; i < 3; i++)
			CHECK_INT(ksmd_agents_add(&t, pid[i], &other, &err), 0);
		CHECK(ksmd_agents_remove(&t, pid[gone], &other));
		CHECK_INT(other, pid[gone == 2 ? 1 : 2]);
		CHECK_INT(t.agents, 2);
		for (size_t i = 0; i < 3; i++) {
			if (i != gone)
				CHECK_INT(t.agent[n++].pid, pid[i]);
		}
	}
	for (size_t i = 0; i < 3; i++)
		end_agent(pid[i], true);
}

static void who_was_killed_is_forgotten(void)
{
	struct ksmd_enabled t = { 0 };
	pid_t a = start_agent(), b = start_agent(), c = start_agent(), other;
	struct error err;

	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), 0);
	CHECK_INT(ksmd_agents_add(&t, b, &other, &err), 0);
	end_agent(a, true);
	CHECK_INT(ksmd_agents_add(&t, c, &other, &err), 0);
	CHECK_INT(other, b);
	CHECK_INT(t.agents, 2);
	end_agent(b, false);
	CHECK(ksmd_agents_remove(&t, c, &other));
	CHECK_INT(other, 0);
	CHECK_INT(waitpid(b, NULL, 0), b);
	end_agent(c, true);
	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), -ESRCH);
}

/* a process of the same number that has started at another time */
static void a_number_is_used_again(void)
{
	struct ksmd_enabled t = { 0 };
	pid_t a = start_agent(), other;
	struct error err;

	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), 0);
	t.agent[0].start++;
	CHECK(!ksmd_agents_remove(&t, a, &other));
	CHECK_INT(t.agents, 0);
	end_agent(a, true);
}

static void there_are_only_so_many(void)
{
	struct ksmd_enabled t = { 0 };
	struct proc_stat st;
	pid_t a = start_agent(), other;
	struct error err;

	CHECK_INT(proc_stat(a, &st), 0);
	for (int i = 0; i < KSMD_AGENTS_MAX; i++)
		t.agent[t.agents++] = (struct ksmd_agent){ a, st.start };
	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), -EUSERS);
	CHECK_HAS(err.msg, "8 agents");
	/* one of a full list goes, and there is room for one */
	CHECK(ksmd_agents_remove(&t, a, &other));
	CHECK_INT(t.agents, KSMD_AGENTS_MAX - 1);
	CHECK_INT(ksmd_agents_add(&t, a, &other, &err), 0);
	CHECK_INT(t.agents, KSMD_AGENTS_MAX);
	end_agent(a, true);
	/* once they have ended there is room */
	CHECK_INT(ksmd_agents_add(&t, getpid(), &other, &err), 0);
	CHECK_INT(t.agents, 1);
}

int main(void)
{
	RUN(the_last_one_is_alone);
	RUN(one_of_three_goes);
	RUN(who_was_killed_is_forgotten);
	RUN(a_number_is_used_again);
	RUN(there_are_only_so_many);
	return check_end();
}
