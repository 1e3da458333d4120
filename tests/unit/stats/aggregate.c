/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of containers out of processes: fork groups, sums, and what each figure is the sum of. */
#include "stats/aggregate.h"

#include <stdlib.h>

#include "check.h"
#include "stats/process_of.h"

/* Which of many is looked at. */
static char figure[32];

/* Rows of containers out of processes in any order. */
static void containers(void)
{
	struct process_stats p[] = {
		process("web", NOBODY + 1, 10, KSM_BY_PRCTL, 40),
		process("db", NOBODY + 2, 10, KSM_BY_MADVISE, 20),
		process("web", NOBODY + 3, 30, KSM_BY_UNKNOWN, 0),
		process("web", NOBODY + 4, 10, KSM_BY_PRCTL, 40),
		process("db", NOBODY + 5, 20, KSM_BY_NONE, 0),
	};
	struct snapshot s = { 0 };
	struct fork_group *group = NULL;
	size_t groups = 0;

	p[2].uncounted = true;
	p[2].memory.proportional = 60;
	p[1].memory.zeros = 2;
	CHECK_INT(find_fork_groups(p, 5, &group, &groups), 0);
	/* of web two and one, of db one and one */
	CHECK_INT(groups, 4);
	for (size_t i = 0; i < groups; i++) {
		bool two = group[i].n == 2;

		CHECK(group[i].n == 1 || two);
		CHECK(!two || strcmp(group[i].p->name.id, "web") == 0);
		for (size_t k = 0; k < group[i].n; k++)
			/* where several have merged pages, it matters whose own they are */
			CHECK_INT(group[i].p[k].memory.own, two ? 0 : 7);
		group[i].saving = (struct saving){ 1, 10 };
		/* of db both, of web none */
		group[i].by_layout =
			(struct layout_saving){ strcmp(group[i].p->name.id, "db") == 0, 3 };
		group[i].by_layout.least *= group[i].by_layout.known;
	}
	for (size_t i = 0; i < 5; i++)
		p[i].entered = p[i].pid == NOBODY + 5;
	CHECK_INT(aggregate_containers(&s, p, 5, group, groups), 0);
	CHECK_INT(s.n, 2);
	if (s.n == 2) {
		const struct container_stats *db = &s.container[0], *web = &s.container[1];

		CHECK_TEXT(db->name.id, "db");
		CHECK_TEXT(web->name.id, "web");
		CHECK_INT(db->processes, 2);
		CHECK_INT(db->mergeable, 1);
		CHECK_INT(db->by_madvise, 1);
		CHECK_INT(db->by_prctl, 0);
		CHECK_INT(db->unknown, 0);
		CHECK_INT(db->merged, 22);
		CHECK_INT(db->anonymous, 200);
		CHECK_INT(db->saving.least, 2);
		CHECK_INT(db->saving.most, 20);
		CHECK(db->by_layout.known);
		CHECK_INT(db->by_layout.least, 6);
		CHECK(!web->by_layout.known);
		CHECK_INT(web->by_layout.least, 0);
		CHECK_INT(web->processes, 3);
		CHECK_INT(web->mergeable, 2);
		CHECK_INT(web->by_prctl, 2);
		CHECK_INT(web->by_madvise, 0);
		CHECK_INT(web->unknown, 1);
		/* where the kernel does not count it, what is shared of the memory */
		CHECK_INT(web->merged, 80 + 40);
		CHECK_INT(web->cost, 9);
		CHECK_INT(web->profit, 15);
		CHECK_INT(db->entered, 1);
		CHECK_INT(web->entered, 0);
	}
	CHECK_INT(s.total.processes, 5);
	CHECK_INT(s.total.mergeable, 3);
	CHECK_INT(s.total.by_prctl, 2);
	CHECK_INT(s.total.by_madvise, 1);
	CHECK_INT(s.total.unknown, 1);
	CHECK_INT(s.total.anonymous, 500);
	CHECK_INT(s.total.merged, 142);
	CHECK_INT(s.total.entered, 1);
	CHECK_INT(s.total.cost, 15);
	CHECK_INT(s.total.profit, 25);
	CHECK_INT(s.total.saving.least, 4);
	CHECK(s.total.by_layout.known);
	CHECK_INT(s.total.by_layout.least, 6);
	CHECK_INT(s.total.saving.most, 40);
	snapshot_free(&s);
	free(group);
	/* none at all */
	s = (struct snapshot){ 0 };
	CHECK_INT(find_fork_groups(p, 0, &group, &groups), 0);
	CHECK_INT(groups, 0);
	CHECK_INT(aggregate_containers(&s, p, 0, group, 0), 0);
	CHECK_INT(s.n, 0);
	snapshot_free(&s);
	free(group);
}

/* Whose memory cgroup pays is asked of all of a fork group together, and of each group by itself. */
static void whom_they_are_charged_to(void)
{
	struct process_stats p[] = {
		process("a", NOBODY + 1, 10, KSM_BY_PRCTL, 40),
		process("a", NOBODY + 2, 10, KSM_BY_PRCTL, 30),
		process("a", NOBODY + 3, 20, KSM_BY_PRCTL, 20),
		process("b", NOBODY + 4, 10, KSM_BY_PRCTL, 10),
	};
	const struct process_memory pair[] = { p[0].memory, p[1].memory };
	struct charge_base a = charge_base_of_group(pair, 2),
			   third = charge_base_of_group(&p[2].memory, 1),
			   b = charge_base_of_group(&p[3].memory, 1);
	struct fork_group *group = NULL;
	struct snapshot s = { 0 };
	size_t groups = 0;

	charge_base_add(&a, &third);
	CHECK_INT(find_fork_groups(p, 4, &group, &groups), 0);
	CHECK_INT(groups, 3);
	CHECK_INT(aggregate_containers(&s, p, 4, group, groups), 0);
	CHECK_INT(s.n, 2);
	CHECK_INT(a.merged, 90);
	if (s.n == 2) {
		CHECK(memcmp(&s.container[0].charge_base, &a, sizeof(a)) == 0);
		CHECK(memcmp(&s.container[1].charge_base, &b, sizeof(b)) == 0);
	}
	snapshot_free(&s);
	free(group);
}

/* Every figure is a sum of its own: of two containers, each power of two is there once. */
static void added(void)
{
#define FIGURES 20
	struct container_stats c[2] = { 0 };
	const struct {
		const void *at;
		bool is_signed;
	} of[FIGURES] = {
		{ &c[0].processes, false },
		{ &c[0].mergeable, false },
		{ &c[0].unknown, false },
		{ &c[0].estimated, false },
		{ &c[0].left_out, false },
		{ &c[0].by_prctl, false },
		{ &c[0].by_madvise, false },
		{ &c[0].entered, false },
		{ &c[0].would, false },
		{ &c[0].against, false },
		{ &c[0].anonymous, true },
		{ &c[0].merged, true },
		{ &c[0].zeros, true },
		{ &c[0].cost, true },
		{ &c[0].profit, true },
		{ &c[0].saving.least, true },
		{ &c[0].saving.most, true },
		{ &c[0].by_layout.least, true },
		{ &c[0].charges.charged_least, true },
		{ &c[0].charges.elsewhere_most, true },
	};

	for (size_t i = 0; i < FIGURES; i++) {
		size_t offset = (size_t)((const char *)of[i].at - (const char *)&c[0]);

		for (int k = 0; k < 2; k++) {
			char *at = (char *)&c[k] + offset;

			if (of[i].is_signed)
				*(int64_t *)(void *)at = INT64_C(3) << (2 * i + (size_t)k);
			else
				*(size_t *)(void *)at = (size_t)3 << (2 * i + (size_t)k);
		}
	}
	container_stats_add(&c[0], &c[1]);
	for (size_t i = 0; i < FIGURES; i++) {
		snprintf(figure, sizeof(figure), "figure %zu", i);
		check_case = figure;
		CHECK_INT(of[i].is_signed ? *(const int64_t *)of[i].at :
					    (int64_t) * (const size_t *)of[i].at,
			  INT64_C(9) << 2 * i);
	}
	check_case = "";
	/* a sum is open where who has merged pages is not known; nobody's are not missed */
	for (int merged = 0; merged < 4; merged++) {
		struct container_stats to = { .merged = merged & 1,
					      .charges = { .known = true } };
		const struct container_stats from = { .merged = merged >> 1 };

		container_stats_add(&to, &from);
		CHECK_INT(to.charges.open, merged >> 1);
		CHECK(to.charges.known);
		to = (struct container_stats){ .merged = merged & 1 };
		container_stats_add(&to,
				    &(struct container_stats){ .merged = merged >> 1,
							       .charges = { .known = true } });
		CHECK_INT(to.charges.open, merged & 1);
	}
}

/* What is said of a process is said of its container: of one alone, and of each kind. */
static void of_processes(void)
{
	struct process_stats p[] = {
		process("a", NOBODY + 1, 10, KSM_BY_PRCTL, 40),
		process("b", NOBODY + 2, 10, KSM_BY_MADVISE, 20),
		process("c", NOBODY + 3, 30, KSM_BY_UNKNOWN, 0),
	};
	struct fork_group *group = NULL;
	struct snapshot s = { 0 };
	size_t groups = 0;

	p[0].estimated = true;
	p[1].left_out = true;
	p[1].memory.zeros = 4;
	CHECK_INT(find_fork_groups(p, 3, &group, &groups), 0);
	CHECK_INT(groups, 3);
	for (size_t i = 0; i < groups; i++) {
		int64_t name = (unsigned char)group[i].p->name.id[0];

		CHECK_INT(group[i].container, i);
		/* alone, it keeps what is its own */
		CHECK_INT(group[i].p->memory.own, 7);
		group[i].saving = (struct saving){ name, 2 * name };
		group[i].charges = (struct charges){ .known = true, .charged_least = 3 * name };
	}
	CHECK_INT(aggregate_containers(&s, p, 3, group, groups), 0);
	CHECK_INT(s.n, 3);
	for (size_t i = 0; i < s.n; i++) {
		const struct container_stats *c = &s.container[i];
		int64_t name = (unsigned char)c->name.id[0];
		const struct process_memory memory = { .anonymous = 100,
						       .merged = (int64_t[]){ 40, 20, 0 }[i],
						       .zeros = i == 1 ? 4 : 0,
						       .own = 7 };
		struct charge_base base = charge_base_of_group(&memory, 1);

		check_case = c->name.id;
		CHECK_INT(name, 'a' + (int)i);
		CHECK_INT(c->pid, NOBODY + 1 + (int)i);
		CHECK_INT(c->processes, 1);
		CHECK_INT(c->mergeable, i < 2);
		CHECK_INT(c->by_prctl, i == 0);
		CHECK_INT(c->by_madvise, i == 1);
		CHECK_INT(c->unknown, i == 2);
		CHECK_INT(c->estimated, i == 0);
		CHECK_INT(c->left_out, i == 1);
		CHECK_INT(c->zeros, i == 1 ? 4 : 0);
		CHECK_INT(c->merged, memory.merged + memory.zeros);
		CHECK_INT(c->cost, 3);
		CHECK_INT(c->profit, 5);
		CHECK_INT(c->saving.least, name);
		CHECK_INT(c->saving.most, 2 * name);
		CHECK_INT(c->charges.charged_least, 3 * name);
		CHECK(memcmp(&c->charge_base, &base, sizeof(base)) == 0);
	}
	check_case = "";
	CHECK_INT(s.total.estimated, 1);
	CHECK_INT(s.total.left_out, 1);
	CHECK_INT(s.total.zeros, 4);
	snapshot_free(&s);
	free(group);
}

/* By addresses: the first, and the last. In a group own memory is asked for where it matters. */
static void groups_of_addresses(void)
{
	static const struct {
		uint64_t first[3], last[3];
		int64_t merged[3], zeros[3];
		size_t groups;
		bool asked;
	} of[] = {
		{ { 1, 1, 1 }, { 5, 5, 5 }, { 1, 1, 1 }, { 0 }, 1, true },
		{ { 1, 1, 1 }, { 5, 5, 5 }, { 4096, 0, 0 }, { 0 }, 1, false },
		{ { 1, 1, 1 }, { 5, 5, 5 }, { 0, 0, 0 }, { 0 }, 1, false },
		{ { 1, 1, 1 }, { 5, 5, 5 }, { 0, 0, 4096 }, { 4096, 0, 0 }, 1, true },
		{ { 1, 1, 1 }, { 5, 5, 5 }, { 0, 0, 0 }, { 0, 4096, 4096 }, 1, true },
		{ { 1, 1, 1 }, { 5, 6, 7 }, { 1, 1, 1 }, { 0 }, 3, false },
		{ { 1, 2, 3 }, { 5, 5, 5 }, { 1, 1, 1 }, { 0 }, 3, false },
		{ { 2, 1, 2 }, { 5, 5, 5 }, { 0, 1, 0 }, { 0 }, 2, false },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct process_stats p[3];
		struct fork_group *group = NULL;
		size_t groups = 0, members = 0;

		snprintf(figure, sizeof(figure), "case %zu", i);
		check_case = figure;
		for (int k = 0; k < 3; k++) {
			p[k] = process("c", NOBODY + k, of[i].first[k], KSM_BY_PRCTL,
				       of[i].merged[k]);
			p[k].last = of[i].last[k];
			p[k].memory.zeros = of[i].zeros[k];
		}
		CHECK_INT(find_fork_groups(p, 3, &group, &groups), 0);
		CHECK_INT(groups, of[i].groups);
		for (size_t g = 0; g < groups; g++) {
			CHECK_INT(group[g].container, 0);
			members += group[g].n;
			CHECK(g == 0 || group[g].p == group[g - 1].p + group[g - 1].n);
		}
		CHECK_INT(members, 3);
		for (int k = 0; k < 3; k++)
			CHECK_INT(p[k].memory.own, of[i].asked ? 0 : 7);
		free(group);
	}
	check_case = "";
}

/* Of a group as of its members' memory, in whatever order. */
static void savings(void)
{
	struct process_stats p[] = { process("c", 1, 1, KSM_BY_PRCTL, 8),
				     process("c", 2, 1, KSM_BY_PRCTL, 8) };
	const struct process_memory memory[] = {
		{ .anonymous = 8, .proportional = 2, .merged = 8, .own = 8 },
		{ .anonymous = 8, .proportional = 2, .merged = 8, .own = 3 },
	};

	for (size_t n = 1; n <= 2; n++) {
		struct saving want = saving_of_group(memory, n, 0.25), got;

		p[0].memory = memory[0];
		p[1].memory = memory[1];
		got = fork_group_saving(p, n, 0.25);
		CHECK_INT(got.least, want.least);
		CHECK_INT(got.most, want.most);
	}
}

int main(void)
{
	RUN(containers);
	RUN(whom_they_are_charged_to);
	RUN(added);
	RUN(of_processes);
	RUN(groups_of_addresses);
	RUN(savings);
	return check_end();
}
