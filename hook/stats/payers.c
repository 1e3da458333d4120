/* SPDX-License-Identifier: Apache-2.0 */
/* Which container's memory cgroup pays for a frame: what /proc/kpagecgroup says. */
#include "stats/payers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containers/container_memory.h"

static int by_number(const void *a, const void *b)
{
	const struct payer *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int add_payer(struct payers *p, uint64_t number, size_t container)
{
	if (p->n == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 256;
		struct payer *more = realloc(p->payer, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->payer = more;
		p->capacity = capacity;
	}
	p->payer[p->n++] = (struct payer){ number, container };
	return 0;
}

/* With the cgroups below its own: a container that runs systemd is charged in dozens. */
static int add_container(struct payers *p, struct fork_group *g)
{
	static uint64_t number[MEMORY_CGROUP_BELOW_MAX];
	struct memory_cgroup cgroup;
	ssize_t n;

	p->first[g->container] = g;
	g->charges = (struct charges){ 0 };
	if (!container_memory_cgroup(&g->p->name, g->p->pid, &cgroup))
		return 0;
	n = memory_cgroup_numbers(&cgroup, number);
	g->charges.known = n > 0 && n < MEMORY_CGROUP_BELOW_MAX;
	for (ssize_t i = 0; i < n; i++) {
		if (add_payer(p, number[i], g->container) < 0)
			return -ENOMEM;
	}
	return 0;
}

int payers_open(struct payers *p, struct fork_group *group, size_t n)
{
	*p = (struct payers){ .kpagecgroup = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC) };
	p->first = calloc(n ? n : 1, sizeof(struct fork_group *));
	if (!p->first)
		return -ENOMEM;
	for (size_t i = 0; i < n && p->kpagecgroup >= 0; i++) {
		if (i && group[i].container == group[i - 1].container)
			continue;
		if (add_container(p, &group[i]) < 0)
			return -ENOMEM;
	}
	if (p->n)
		qsort(p->payer, p->n, sizeof(*p->payer), by_number);
	return 0;
}

void payers_close(struct payers *p)
{
	if (p->kpagecgroup >= 0)
		close(p->kpagecgroup);
	free(p->payer);
	free(p->first);
}

size_t payers_find(const struct payers *p, uint64_t frame)
{
	struct payer wanted = { 0 };
	const struct payer *found;

	/* of a cgroup that has ended, the one above it that has not (page_cgroup_ino()) */
	if (p->n == 0 || pread(p->kpagecgroup, &wanted.number, sizeof(wanted.number),
			       (off_t)(frame * sizeof(wanted.number))) != sizeof(wanted.number))
		return PAYER_NONE;
	found = bsearch(&wanted, p->payer, p->n, sizeof(wanted), by_number);
	return found ? found->container : PAYER_NONE;
}
