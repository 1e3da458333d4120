/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that share an address space (CLONE_VM): what is counted of it is counted once. */
#include "kernel/same_memory.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/watched.h"

/* 0 the same, 1 and 2 one before the other, in an order that lasts until reboot; -1: not to be told */
static long compare_memory(pid_t a, pid_t b)
{
	long r;

	if (!watched_enter(a))
		return -1;
	r = syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);
	watched_leave();
	return r;
}

/* By itself first, so that who holds it up is blamed, and nobody else is. */
static bool is_comparable(const struct memory_user *u)
{
	return compare_memory(u->task, u->task) == 0;
}

static int by_memory_group(const void *a, const void *b)
{
	const struct memory_user *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->partial != y->partial)
		return x->partial ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Who has ended meanwhile goes first, whatever it is compared with: taken out of their way, it
 * leaves the others in their order. (qsort() promises nothing where that changes.)
 */
static bool goes_first(const struct memory_user *a, const struct memory_user *b)
{
	long r = compare_memory(a->task, b->task);

	return r < 0 ? !is_comparable(a) : r != 2;
}

/* Two sorted parts, beside each other, to one; spare has room for the first. */
static void merge_parts(struct memory_user *u, size_t first, size_t second,
			struct memory_user *spare)
{
	const struct memory_user *a = spare, *b = u + first, *end = b + second;

	memcpy(spare, u, first * sizeof(*u));
	while (a < spare + first)
		*u++ = b == end || goes_first(a, b) ? *a++ : *b++;
}

/* Those of one group. */
static void sort_by_memory(struct memory_user *u, size_t n, struct memory_user *spare)
{
	for (size_t part = 1; part < n; part *= 2) {
		for (size_t at = 0; at + part < n; at += 2 * part) {
			size_t rest = n - at - part;

			merge_parts(u + at, part, rest < part ? rest : part, spare);
		}
	}
}

/* In their order, those that share are beside each other, first the one that counts. */
static void tell_who_shares(const struct memory_user *u, size_t n,
			    void (*shares)(void *arg, size_t index), void *arg)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++) {
		long r = compare_memory(u[first].task, u[i].task);

		if (r == 0)
			shares(arg, u[i].index);
		else if (r > 0 || is_comparable(&u[i]))
			first = i;
	}
}

int same_memory_find(struct memory_user *u, size_t n, void (*shares)(void *arg, size_t index),
		     void *arg)
{
	struct memory_user *spare;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_comparable(&u[i]))
			u[kept++] = u[i];
	}
	if (kept < 2)
		return 0;
	spare = calloc(kept, sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	qsort(u, kept, sizeof(*u), by_memory_group);
	for (size_t i = 0, end; i < kept; i = end) {
		for (end = i + 1; end < kept && u[end].group == u[i].group; end++)
			;
		sort_by_memory(u + i, end - i, spare);
		tell_who_shares(u + i, end - i, shares, arg);
	}
	free(spare);
	return 0;
}
