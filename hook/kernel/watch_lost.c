/* SPDX-License-Identifier: Apache-2.0 */
/* Of kernel/watched.c: the processes that held a reader up, and are left out for that. */
#include "kernel/watch_lost.h"

#include <string.h>

#include "base/clock.h"

bool watch_lost_has(const struct watch_lost *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->pid[i] == pid)
			return true;
	}
	return false;
}

bool watch_lost_has_group(const struct watch_lost *l, uint64_t group)
{
	for (size_t i = 0; i < l->n_groups; i++) {
		if (l->group[i] == group)
			return true;
	}
	return false;
}

void watch_lost_add(struct watch_lost *l, pid_t pid, uint64_t group)
{
	size_t same = 1;

	if (l->n == WATCH_LOST_MAX || watch_lost_has(l, pid))
		return;
	for (size_t i = 0; i < l->n; i++)
		same += l->group_of[i] == group;
	l->ms[l->n] = now_ms();
	l->group_of[l->n] = group;
	l->pid[l->n++] = pid;
	if (same == WATCH_LOST_OF_GROUP && l->n_groups < WATCH_LOST_GROUPS)
		l->group[l->n_groups++] = group;
}

static void forget_group(struct watch_lost *l, uint64_t group)
{
	for (size_t i = 0; i < l->n_groups; i++) {
		if (l->group[i] == group)
			l->group[i--] = l->group[--l->n_groups];
	}
}

void watch_lost_forget(struct watch_lost *l, int64_t ms, size_t max)
{
	size_t old = 0;

	while (old < l->n && old < max && now_ms() - l->ms[old] > ms)
		forget_group(l, l->group_of[old++]);
	l->n -= old;
	memmove(l->pid, l->pid + old, l->n * sizeof(*l->pid));
	memmove(l->ms, l->ms + old, l->n * sizeof(*l->ms));
	memmove(l->group_of, l->group_of + old, l->n * sizeof(*l->group_of));
}
