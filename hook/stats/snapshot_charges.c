/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the kernel charges for merged pages, as the containers' memory cgroups say. */
#include "stats/snapshot_charges.h"

#include <string.h>
#include <unistd.h>

#include "containers/container_memory.h"

static void read_charges(struct container_stats *c, int64_t shared)
{
	struct memory_cgroup cgroup;
	int64_t charged;

	/*
	 * What is not shown of it would be taken to be merged: processes that could not be read,
	 * and those of the host that are not mergeable.
	 */
	if (c->unknown || c->estimated || strcmp(c->name.engine, "host") == 0 ||
	    !container_memory_cgroup(&c->name, c->pid, &cgroup))
		return;
	charged = memory_cgroup_anonymous(&cgroup);
	if (charged >= 0)
		c->charges = charges_of(&c->charge_base, charged, shared);
}

void snapshot_charges(struct snapshot *s, bool exact)
{
	int64_t shared;

	if (ksm_sysfs("pages_shared", &shared) < 0)
		return;
	s->total.charges = (struct charges){ .known = true };
	for (size_t i = 0; i < s->n; i++) {
		struct container_stats *c = &s->container[i];

		if (!exact)
			read_charges(c, shared * sysconf(_SC_PAGESIZE));
		if (c->charges.known || c->merged)
			charges_add(&s->total.charges, &c->charges);
	}
}
