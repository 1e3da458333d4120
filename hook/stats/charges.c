/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the kernel charges for merged pages: pure arithmetic, all in bytes. */
#include "stats/charges.h"

/*
 * Each page that is not merged is one of the group's alone, however many of it map it: so the
 * proportional memory of all of them is those pages, and the share of the merged ones' frames.
 * Of a process without merged pages it was not read, and is not known here.
 */
struct charge_base charge_base_of_group(const struct process_memory *p, size_t n)
{
	int64_t proportional = 0, other = 0, other_max = 0, read = 0, read_max = 0;
	struct charge_base b = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct process_memory *m = &p[i];
		int64_t o = greater(m->anonymous - m->merged, 0);

		other += o;
		other_max = greater(other_max, o);
		if (m->merged == 0)
			continue;
		proportional += m->proportional;
		read += o;
		read_max = greater(read_max, o);
		b.merged += m->merged;
	}
	b.frames_most = lesser(greater(proportional - read_max, 0), b.merged);
	b.frames_least = lesser(greater(proportional - read, 0), b.frames_most);
	b.unmerged_most = other;
	b.unmerged_least =
		lesser(greater(other_max, proportional - b.frames_most), b.unmerged_most);
	return b;
}

void charge_base_add(struct charge_base *to, const struct charge_base *b)
{
	to->unmerged_least += b->unmerged_least;
	to->unmerged_most += b->unmerged_most;
	to->frames_least += b->frames_least;
	to->frames_most += b->frames_most;
	to->merged += b->merged;
}

struct charges charges_of(const struct charge_base *b, int64_t charged, int64_t shared)
{
	/* what its cgroup pays for merged pages, its processes' own among them */
	int64_t most = lesser(greater(charged - b->unmerged_least, 0), shared);
	int64_t least = lesser(greater(charged - b->unmerged_most, 0), most);
	struct charges c = { .known = true };

	/* a page that no other container uses counts whole in the share of the frames */
	c.charged_most = most;
	c.charged_least = greater(least - b->frames_most, 0);
	c.elsewhere_most = lesser(b->merged, greater(shared - least, 0));
	c.elsewhere_least = lesser(greater(b->frames_least - most, 0), c.elsewhere_most);
	return c;
}

void charges_add(struct charges *to, const struct charges *c)
{
	to->known = to->known && c->known;
	to->charged_least += c->charged_least;
	to->charged_most += c->charged_most;
	to->elsewhere_least += c->elsewhere_least;
	to->elsewhere_most += c->elsewhere_most;
}

void charges_add_open(struct charges *to, bool to_counts, const struct charges *c, bool counts)
{
	bool open =
		(to_counts && (!to->known || to->open)) || (counts && (!c->known || c->open));
	bool known = to->known || c->known;

	charges_add(to, c);
	to->known = known;
	to->open = open;
}
