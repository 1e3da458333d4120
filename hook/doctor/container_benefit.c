/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: is a mergeable container scanned, and does merging it pay? */
#include "doctor/container_benefit.h"

#include "base/text.h"

/* What less memory costs or saves is nobody's problem. */
#define SMALL_BYTES ((int64_t)4 << 20)

/* With fewer than one in so many there is nothing equal to speak of. */
#define NOTHING_EQUAL 16

/* One more than the two that merge: it may have become mergeable late. */
#define SCANS 3

/* Has it run for so many scans at ksmd's present speed, and some seconds for a slower one? */
static bool had_time(const struct scan_progress *p)
{
	return p->age_ms >= SCANS * p->scan_ms + 10000;
}

/* Mergeable, and yet ksmd never scans it: what Linux 6.7 to 6.9 do after exec. */
void container_scan_judge(struct doctor *d, const struct container_summary *c,
			  const struct scan_progress *p, const char *name)
{
	struct finding *f;

	if (!d->kernel.per_process || c->scanned || c->merged ||
	    c->anonymous * p->page < SMALL_BYTES || !had_time(p))
		return;
	f = finding_add(
		d, FINDING_BROKEN, ID_CONTAINER_SCANNED,
		"either ksmd has not got that far, or this is a kernel whose exec keeps "
		"a process mergeable and does not tell ksmd (Linux 6.7 to 6.9); a "
		"poststart hook makes it mergeable again",
		"%s is mergeable, but ksmd has scanned none of it", name);
	finding_fix(f, "%s attach %s", d->command, name);
}

bool container_is_scanned_twice(const struct container_summary *c,
				const struct scan_progress *p)
{
	if (c->scanned * p->page < SMALL_BYTES || c->scanned * 4 < c->anonymous * 3)
		return false;
	/* where few of the host's pages are such, this container's are not among them */
	if (p->unstable >= 0 && p->unstable * 4 < c->scanned)
		return true;
	return had_time(p);
}

bool container_cost_judge(struct doctor *d, const struct container_summary *c, int64_t page,
			  const char *name)
{
	int64_t equal = c->merged + c->zero;
	char scanned[16], merged[16], cost[16];
	struct finding *f;

	format_bytes(scanned, sizeof(scanned), c->scanned * page);
	format_bytes(merged, sizeof(merged), equal * page);
	format_bytes(cost, sizeof(cost), c->scanned * KSM_ITEM_BYTES);
	if (equal * NOTHING_EQUAL >= c->scanned)
		return false;
	f = finding_add(d, FINDING_NOTE, ID_CONTAINER_EQUAL,
			"it is mergeable and was scanned, but few of its pages are equal to "
			"others: its data differ, or its addresses are random",
			"%s: %s merged of %s scanned", name, merged, scanned);
	finding_fix(f, "%s detach %s", d->command, name);
	if (equal * page >= c->scanned * KSM_ITEM_BYTES)
		return true;
	f = finding_add(d, FINDING_WARNING, ID_CONTAINER_COST,
			"the kernel keeps 64 bytes for each page that was scanned, merged or "
			"not",
			"%s costs %s of kernel memory and saves %s", name, cost, merged);
	finding_fix(f, "%s detach %s", d->command, name);
	return true;
}
