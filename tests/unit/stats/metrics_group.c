/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to one workload by its pods' names, and what is added up. */
#include "stats/metrics_group.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

static void workloads(void)
{
	static const struct {
		const char *pod, *workload;
	} cases[] = {
		{ "", "" },
		{ "web", "web" },
		{ "web-5d4f8c7b9d-x7x2q", "web" }, /* Deployment */
		{ "my-web-6bdfc4-bbbbb", "my-web" },
		{ "node-exporter-zx9k4", "node-exporter" }, /* DaemonSet, Job */
		{ "db-0", "db" },                           /* StatefulSet */
		{ "db-12", "db" },
		{ "backup-29384756-k2k4v", "backup" }, /* CronJob */
		/* as many signs as there may be, and one more or less */
		{ "web-6bdfc4-bbbbb", "web" },
		{ "web-6bdfc-bbbbb", "web-6bdfc" },
		{ "web-6bdfc46bdf-bbbbb", "web" },
		{ "web-6bdfc46bdfc-bbbbb", "web-6bdfc46bdfc" },
		{ "backup-2938475-bbbbb", "backup-2938475" },
		{ "backup-29384751-bbbbb", "backup" },
		{ "backup-293847511-bbbbb", "backup-293847511" },
		{ "web-bbbbbb", "web-bbbbbb" },
		{ "db-1", "db" },
		{ "db-10101", "db" },
		{ "db-101010", "db-101010" },
		{ "db-", "db-" },
		{ "db-1a", "db-1a" },
		/* no random names: vowels, other lengths */
		{ "web-frontend", "web-frontend" },
		{ "web-12345678", "web-12345678" },
		{ "web-bbbb", "web-bbbb" },
		{ "web-production-x7x2q", "web-production" },
		/* something has to be left */
		{ "-x7x2q", "-x7x2q" },
		{ "x7x2q", "x7x2q" },
		{ "-0", "-0" },
	};
	char out[254];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].pod;
		CHECK_TEXT(metrics_workload(cases[i].pod, out, sizeof(out)), cases[i].workload);
	}
	check_case = "";
	/* what does not fit is cut */
	CHECK_TEXT(metrics_workload("abcdefgh", out, 4), "abc");
}

static void fill(struct container_stats *c, const char *engine, const char *namespace,
		 const char *pod, size_t processes)
{
	*c = (struct container_stats){ .processes = processes,
				       .mergeable = 1,
				       .against = 1,
				       .would = 1,
				       .anonymous = 10,
				       .merged = 5,
				       .cost = 3,
				       .saving = { 1, 2 } };
	snprintf(c->name.engine, sizeof(c->name.engine), "%s", engine);
	snprintf(c->name.id, sizeof(c->name.id), "id");
	snprintf(c->metadata.pod_namespace, sizeof(c->metadata.pod_namespace), "%s", namespace);
	snprintf(c->metadata.pod, sizeof(c->metadata.pod), "%s", pod);
	snprintf(c->metadata.container, sizeof(c->metadata.container), "main");
}

static void groups(void)
{
	struct container_stats c[5];
	struct snapshot s = { .container = c, .n = ARRAY_SIZE(c) };

	fill(&c[0], "containerd", "b", "web-5d4f8c7b9d-x7x2q", 1);
	fill(&c[1], "containerd", "a", "web-5d4f8c7b9d-x7x2q", 2);
	fill(&c[2], "containerd", "b", "web-5d4f8c7b9d-bbbbb", 4);
	fill(&c[3], "containerd", "b", "db-0", 8);
	fill(&c[4], "docker", "", "", 16);
	metrics_group(&s, METRICS_BY_CONTAINER);
	CHECK_INT(s.n, 5);
	CHECK_TEXT(c[0].metadata.pod, "web-5d4f8c7b9d-x7x2q");

	metrics_group(&s, METRICS_BY_WORKLOAD);
	CHECK_INT(s.n, 4);
	CHECK_TEXT(c[0].metadata.pod_namespace, "a");
	CHECK_TEXT(c[0].metadata.pod, "web");
	CHECK_TEXT(c[0].metadata.container, "");
	CHECK_TEXT(c[1].metadata.pod, "db");
	CHECK_TEXT(c[2].metadata.pod, "web");
	CHECK_INT(c[2].processes, 5);
	CHECK_INT(c[2].mergeable, 2);
	CHECK_INT(c[2].against, 2);
	CHECK_INT(c[2].would, 2);
	CHECK_INT(c[2].anonymous, 20);
	CHECK_INT(c[2].merged, 10);
	CHECK_INT(c[2].cost, 6);
	CHECK_INT(c[2].saving.least, 2);
	CHECK_INT(c[2].saving.most, 4);
	CHECK_TEXT(c[3].name.engine, "docker");

	metrics_group(&s, METRICS_BY_NAMESPACE);
	CHECK_INT(s.n, 3);
	CHECK_INT(c[1].processes, 13);
	CHECK_TEXT(c[1].metadata.pod, "");
}

/* One whose payers are not known does not hide what the others' are. */
static void charges(void)
{
	static const struct {
		const char *name;
		struct charges first, second;
		int64_t merged;
		struct charges sum;
	} cases[] = {
		{ "both known",
		  { true, 1, 2, 3, 4, false },
		  { true, 10, 20, 30, 40, false },
		  5,
		  { true, 11, 22, 33, 44, false } },
		{ "the second is not known",
		  { true, 1, 2, 3, 4, false },
		  { 0 },
		  5,
		  { true, 1, 2, 3, 4, true } },
		{ "nor is the first",
		  { 0 },
		  { true, 1, 2, 3, 4, false },
		  5,
		  { true, 1, 2, 3, 4, true } },
		{ "the second has nothing merged",
		  { true, 1, 2, 3, 4, false },
		  { 0 },
		  0,
		  { true, 1, 2, 3, 4, false } },
		{ "none is known", { 0 }, { 0 }, 5, { false, 0, 0, 0, 0, true } },
		{ "of no weight", { 0 }, { 0 }, 0, { false, 0, 0, 0, 0, true } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_stats c[2];
		struct snapshot s = { .container = c, .n = ARRAY_SIZE(c) };
		const struct charges *sum;

		check_case = cases[i].name;
		fill(&c[0], "containerd", "a", "one", 1);
		fill(&c[1], "containerd", "a", "two", 1);
		c[0].charges = cases[i].first;
		c[1].charges = cases[i].second;
		c[1].merged = cases[i].merged;
		metrics_group(&s, METRICS_BY_NAMESPACE);
		CHECK_INT(s.n, 1);
		sum = &c[0].charges;
		CHECK_INT(sum->known, cases[i].sum.known);
		CHECK_INT(sum->open, cases[i].sum.open);
		CHECK_INT(sum->charged_least, cases[i].sum.charged_least);
		CHECK_INT(sum->charged_most, cases[i].sum.charged_most);
		CHECK_INT(sum->elsewhere_least, cases[i].sum.elsewhere_least);
		CHECK_INT(sum->elsewhere_most, cases[i].sum.elsewhere_most);
	}
	check_case = "";
}

static void names(void)
{
	enum metrics_group group;

	CHECK_INT(metrics_group_parse("none", &group), 0);
	CHECK_INT(group, METRICS_BY_CONTAINER);
	CHECK_INT(metrics_group_parse("workload", &group), 0);
	CHECK_INT(group, METRICS_BY_WORKLOAD);
	CHECK_INT(metrics_group_parse("namespace", &group), 0);
	CHECK_INT(group, METRICS_BY_NAMESPACE);
	CHECK_INT(metrics_group_parse("pod", &group), -EINVAL);
}

int main(void)
{
	RUN(workloads);
	RUN(groups);
	RUN(charges);
	RUN(names);
	return check_end();
}
