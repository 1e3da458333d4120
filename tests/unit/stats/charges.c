/* SPDX-License-Identifier: Apache-2.0 */
/* Who pays for merged pages: of equal containers, of forked processes, of what was written to. */
#include "stats/charges.h"
#include "check.h"

#define M (INT64_C(1) << 20)

/* anonymous, proportional, merged; then what the cgroup is charged, and all merged pages; MiB */
static const struct {
	const char *what;
	struct process_memory p[3];
	size_t n;
	int64_t charged, shared;
	struct charges want;
} cases[] = {
	{ "nothing merged", { { 10, 10, 0, 0, -1 } }, 1, 10, 0, { true, 0, 0, 0, 0 } },
	{ "one of ten, which pays",
	  { { 12, 3, 10, 0, -1 } },
	  1,
	  12,
	  10,
	  { true, 9, 10, 0, 0 } },
	{ "one of ten, which does not",
	  { { 12, 3, 10, 0, -1 } },
	  1,
	  2,
	  10,
	  { true, 0, 0, 1, 10 } },
	/* five pages each for the other */
	{ "one of two, which pays for half",
	  { { 10, 5, 10, 0, -1 } },
	  1,
	  5,
	  10,
	  { true, 0, 5, 0, 5 } },
	/* its processes have copies by now */
	{ "it pays for what it does not use",
	  { { 12, 12, 0, 0, -1 } },
	  1,
	  22,
	  10,
	  { true, 10, 10, 0, 0 } },
	/* the rest of what is merged on the machine is not its business */
	{ "one of many", { { 12, 3, 10, 0, -1 } }, 1, 2, 500, { true, 0, 0, 1, 10 } },
	/* the kernel's figure is two seconds old */
	{ "charged less than it uses",
	  { { 10, 10, 0, 0, -1 } },
	  1,
	  8,
	  4,
	  { true, 0, 0, 0, 0 } },
	/* more than is merged at all: it is something else */
	{ "charged more than is merged",
	  { { 10, 10, 0, 0, -1 } },
	  1,
	  20,
	  4,
	  { true, 4, 4, 0, 0 } },
	/* two that share by fork what is not merged: their memory is 8 or 16 */
	{ "forked, not merged",
	  { { 8, 8, 0, 0, 8 }, { 8, 8, 0, 0, 0 } },
	  2,
	  8,
	  4,
	  { true, 0, 0, 0, 0 } },
	{ "forked, half of it merged with a stranger's",
	  { { 8, 3, 4, 0, 8 }, { 8, 3, 4, 0, 0 } },
	  2,
	  8,
	  4,
	  { true, 0, 4, 0, 4 } },
};

static void of_a_container(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct process_memory p[3] = { 0 };
		struct charge_base base;
		struct charges c;

		for (size_t k = 0; k < cases[i].n; k++) {
			p[k] = cases[i].p[k];
			p[k].anonymous *= M;
			p[k].proportional *= M;
			p[k].merged *= M;
		}
		check_case = cases[i].what;
		base = charge_base_of_group(p, cases[i].n);
		CHECK(base.unmerged_least <= base.unmerged_most);
		CHECK(base.frames_least <= base.frames_most);
		c = charges_of(&base, cases[i].charged * M, cases[i].shared * M);
		CHECK(c.known);
		CHECK_INT(c.charged_least, cases[i].want.charged_least * M);
		CHECK_INT(c.charged_most, cases[i].want.charged_most * M);
		CHECK_INT(c.elsewhere_least, cases[i].want.elsewhere_least * M);
		CHECK_INT(c.elsewhere_most, cases[i].want.elsewhere_most * M);
	}
	check_case = "";
}

/* The bounds of a group: two processes alike, and one whose memory was not read. */
static void bounds(void)
{
	static const struct {
		int proportional, frames_least, frames_most, unmerged_least;
	} of[] = {
		{ 1, 0, 0, 4 }, { 2, 0, 0, 4 }, { 3, 0, 2, 4 }, { 5, 2, 6, 4 },
		{ 6, 4, 8, 4 }, { 7, 6, 8, 6 }, { 8, 8, 8, 8 },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		const struct process_memory one = { 8, of[i].proportional, 4, 0, -1 };
		struct process_memory p[] = { one, one, { 1, 100, 0, 0, -1 } };

		for (size_t n = 2; n <= 3; n++) {
			struct charge_base b = charge_base_of_group(p, n);

			CHECK_INT(b.merged, 8);
			CHECK_INT(b.frames_least, of[i].frames_least);
			CHECK_INT(b.frames_most, of[i].frames_most);
			CHECK_INT(b.unmerged_most, 6 + (int)n);
			CHECK_INT(b.unmerged_least, of[i].unmerged_least);
		}
	}
}

static void of_several_groups(void)
{
	struct process_memory p[2] = { 0 };
	struct charge_base sum = { 0 };

	p[0] = (struct process_memory){ 12 * M, 3 * M, 10 * M, 0, -1 };
	p[1] = (struct process_memory){ 5 * M, 5 * M, 0, 0, -1 };
	for (size_t i = 0; i < 2; i++) {
		struct charge_base b = charge_base_of_group(&p[i], 1);

		charge_base_add(&sum, &b);
	}
	CHECK_INT(sum.unmerged_least, 7 * M);
	CHECK_INT(sum.unmerged_most, 7 * M);
	CHECK_INT(sum.frames_least, 1 * M);
	CHECK_INT(sum.frames_most, 1 * M);
	CHECK_INT(sum.merged, 10 * M);
}

static void sums(void)
{
	struct charges sum = { true, 1, 2, 3, 4 };

	charges_add(&sum, &(struct charges){ true, 10, 20, 30, 40 });
	CHECK(sum.known);
	CHECK_INT(sum.charged_least, 11);
	CHECK_INT(sum.charged_most, 22);
	CHECK_INT(sum.elsewhere_least, 33);
	CHECK_INT(sum.elsewhere_most, 44);
	charges_add(&sum, &(struct charges){ 0 });
	CHECK(!sum.known);
}

int main(void)
{
	RUN(of_a_container);
	RUN(bounds);
	RUN(of_several_groups);
	RUN(sums);
	return check_end();
}
