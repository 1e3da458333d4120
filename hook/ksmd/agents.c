/* SPDX-License-Identifier: Apache-2.0 */
/* The agents of a node that have had ksmd set: the last one to end sets it back. */
#include "ksmd/agents.h"

#include <errno.h>

#include "kernel/proc.h"

/* A number is used again, and what waits to be waited for has ended. */
static bool agent_runs(const struct ksmd_agent *a)
{
	struct proc_stat st;

	return proc_stat(a->pid, &st) == 0 && st.start == a->start && st.state != 'Z';
}

static void forget_ended_agents(struct ksmd_enabled *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->agents; i++) {
		if (agent_runs(&t->agent[i]))
			t->agent[n++] = t->agent[i];
	}
	t->agents = n;
}

/* Where it is in the list, or behind its end. */
static size_t find_agent(const struct ksmd_enabled *t, pid_t agent)
{
	size_t i = 0;

	while (i < t->agents && t->agent[i].pid != agent)
		i++;
	return i;
}

static pid_t newest_agent(const struct ksmd_enabled *t)
{
	return t->agents ? t->agent[t->agents - 1].pid : 0;
}

int ksmd_agents_add(struct ksmd_enabled *t, pid_t agent, pid_t *other, struct error *err)
{
	struct proc_stat st;

	forget_ended_agents(t);
	*other = newest_agent(t);
	if (proc_stat(agent, &st) < 0)
		return err_set(err, ESRCH, "process %d has ended", agent);
	if (t->agents == KSMD_AGENTS_MAX)
		return err_set(err, EUSERS, "%d agents of this node have set it already",
			       KSMD_AGENTS_MAX);
	t->agent[t->agents++] = (struct ksmd_agent){ .pid = agent, .start = st.start };
	return 0;
}

bool ksmd_agents_remove(struct ksmd_enabled *t, pid_t agent, pid_t *other)
{
	size_t i;

	forget_ended_agents(t);
	i = find_agent(t, agent);
	*other = 0;
	if (i == t->agents)
		return false;
	for (t->agents--; i < t->agents; i++)
		t->agent[i] = t->agent[i + 1];
	*other = newest_agent(t);
	return true;
}
