/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: are the containers mergeable that requested it, and does it pay? */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "doctor/checks.h"
#include "doctor/container_benefit.h"
#include "doctor/container_labels.h"
#include "doctor/container_memory_checks.h"
#include "doctor/container_policy.h"
#include "doctor/container_request.h"
#include "doctor/container_summary.h"
#include "doctor/container_tags.h"
#include "doctor/container_target.h"
#include "doctor/ksmd_counters.h"
#include "doctor/ksmd_speed.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/watched.h"
#include "layout/layout_of.h"

/* After so many findings about containers, the other containers are only counted. */
#define CONTAINER_FINDINGS_MAX 100

/* An invalid value in what the container requested. */
static void report_request_warning(struct doctor *d, const char *name,
				   const struct decision *request)
{
	struct finding *f;

	f = finding_add(d, FINDING_WARNING, ID_CONTAINER_ANNOTATION,
			"an invalid value is ignored, as if it was not given", "%s: %s", name,
			request->warning);
	finding_advise(f, "start it with io.ksm.merge=true; until then: %s attach %s",
		       d->command, name);
}

static void report_request_unmet(struct doctor *d, const struct container_summary *c,
				 const char *name, const struct decision *request)
{
	struct finding *f;

	f = finding_add(d, FINDING_BROKEN, ID_CONTAINER_ASKED,
			"the hook was not called when it started, or failed (then the system "
			"log has a line of ksm-hook's)",
			"%s is to be merged (%s), and is not mergeable", name, request->text);
	f->reason = request->reason;
	finding_fix(f, "%s attach %s", d->command, name);
	if (proc_seccomp(c->pid) != 2)
		return;
	finding_add(d, FINDING_NOTE, ID_CONTAINER_SECCOMP,
		    "the filter does not apply to the hook and attach; to the preload library "
		    "it does, and whether it refuses prctl cannot be seen from outside",
		    "%s is under a seccomp filter", name);
}

static void report_refused(struct doctor *d, const char *name, const struct decision *request)
{
	struct finding *f;

	f = finding_add(d, FINDING_NOTE, ID_CONTAINER_DENIED,
			"the administrator's rules take precedence over a container's request",
			"%s is not merged: %s", name, request->text);
	f->reason = request->reason;
	finding_advise(f, "%s policy explain %s says which rule, and why", d->command, name);
}

static void report_partly(struct doctor *d, const struct container_summary *c, const char *name)
{
	struct finding *f;

	f = finding_add(
		d, FINDING_WARNING, ID_CONTAINER_PARTLY,
		"processes that an exec session started, or that ran before attach, are "
		"not made mergeable with the others",
		"%s: %zu of %zu processes are mergeable", name, c->mergeable, c->processes);
	finding_fix(f, "%s attach %s", d->command, name);
}

/* A target that is not mergeable, and need not be. */
static void report_not_mergeable(struct doctor *d, const char *name,
				 const struct decision *request)
{
	struct finding *f;

	f = finding_add(d, FINDING_NOTE, ID_CONTAINER_ASKED,
			"only mergeable memory can be merged",
			request ? "%s is not mergeable: %s" :
				  "%s is not mergeable; what it requested is not known here%s",
			name, request ? request->text : "");
	f->reason = request ? request->reason : REASON_NONE;
	finding_fix(f, "%s attach %s", d->command, name);
}

/* "12, 13 and 40 more" */
static void name_mergeable(const struct container_summary *c, char *out, size_t size)
{
	size_t n = 0, len = 0;

	out[0] = '\0';
	for (; n < SUMMARY_NAMED_MAX && c->named[n]; n++)
		len += (size_t)snprintf(out + len, size - len, "%s%d", n ? ", " : "",
					c->named[n]);
	if (n < c->mergeable)
		snprintf(out + len, size - len, " and %zu more", c->mergeable - n);
}

/* No rule keeps a program from making itself mergeable: it can only be found. */
static void check_against_rules(struct doctor *d, const struct container_summary *c,
				const char *name)
{
	char who[SUMMARY_NAMED_MAX * 12 + 32];
	struct decision now;
	struct finding *f;

	if (c->mergeable == 0 ||
	    (!d->config.deny.n && !d->config.allow.n &&
	     d->config.containers != CONTAINERS_NONE) ||
	    !container_policy_denied(&c->name, c->pid, &d->config, NULL, &now))
		return;
	name_mergeable(c, who, sizeof(who));
	f = finding_add(
		d, FINDING_WARNING, ID_CONTAINER_AGAINST_RULES,
		"it made itself mergeable, which no rule prevents, or was attached, or was "
		"started before the rule; see \"What a rule cannot do\" in security.md",
		"%s: %zu of its processes are mergeable (%s), and it is %s", name, c->mergeable,
		who, now.text);
	f->reason = now.reason;
	finding_fix(f, "%s detach %s", d->command, name);
}

/* Is it mergeable, as a hook would have made it? */
static void check_mergeable(struct doctor *d, const struct container_summary *c,
			    const char *name)
{
	struct decision request;
	/* which takes a process: not where there is nothing to complain about */
	bool known = c->mergeable < c->processes &&
		     check_asked(&c->name, c->pid, &d->config, NULL, &request);

	if (known && request.warning[0])
		report_request_warning(d, name, &request);
	if (c->mergeable == 0 && known && request.merge)
		report_request_unmet(d, c, name, &request);
	else if (c->mergeable && c->mergeable + c->unknown < c->processes)
		report_partly(d, c, name);
	else if (c->mergeable == 0 && known && container_policy_denies(request.reason))
		report_refused(d, name, &request);
	else if (c->mergeable == 0 && d->targets.n)
		report_not_mergeable(d, name, known ? &request : NULL);
	else if (c->mergeable && d->targets.n)
		finding_add(d, FINDING_OK, ID_CONTAINER_ASKED, NULL, "%s is mergeable", name);
}

static void check_layout(struct doctor *d, const struct container_summary *c, const char *name)
{
	char group[POLICY_GROUP_MAX];
	struct finding *f;

	if (!layout_group_of(c->pid, group, sizeof(group)))
		return;
	f = finding_add(d, FINDING_NOTE, ID_CONTAINER_LAYOUT,
			"every container of the group knows where the others have their "
			"memory, so a leak in one is a leak in all",
			"%s shares the address-space layout of %s", name, group);
	finding_advise(f, "start it without io.ksm.layout=shared unless this is intended");
}

/* In a child (kernel/watched.h); its answer is the text with its NUL. */
static int read_rollup_text(void *arg, void **data, size_t *size, struct error *err)
{
	static char text[4096];
	const pid_t *task = arg;
	ssize_t n = -EBUSY;

	if (watched_enter(*task)) {
		n = proc_read(*task, "smaps_rollup", text, sizeof(text));
		watched_leave();
	}
	if (n <= 0)
		return err_errno(err, n < 0 ? (int)-n : ESRCH, "smaps_rollup");
	*data = text;
	*size = (size_t)n + 1;
	return 0;
}

/* AnonHugePages and Anonymous, both in kB, of one process. */
static bool is_mostly_huge(pid_t task)
{
	struct error err;
	size_t size = 0;
	char *text = NULL;
	bool huge = watched_run(read_rollup_text, &task, (void **)&text, &size, &err) == 0 &&
		    size && text[size - 1] == '\0' &&
		    proc_field(text, "AnonHugePages") * 2 > proc_field(text, "Anonymous");

	free(text);
	return huge;
}

static void read_scan_progress(const struct container_summary *c,
			       const struct ksmd_speed *speed, struct scan_progress *out)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	out->scan_ms = ksmd_scan_ms(speed);
	out->age_ms =
		(now.tv_sec - (int64_t)(c->start / (uint64_t)sysconf(_SC_CLK_TCK))) * 1000;
	out->page = sysconf(_SC_PAGESIZE);
	if (ksm_sysfs("pages_volatile", &out->unstable) < 0)
		out->unstable = -1;
}

static void check_benefit(struct doctor *d, const struct container_summary *c,
			  const struct ksmd_speed *speed, const char *name)
{
	struct scan_progress progress;

	read_scan_progress(c, speed, &progress);
	container_scan_judge(d, c, &progress, name);
	if (!container_is_scanned_twice(c, &progress) ||
	    !container_cost_judge(d, c, progress.page, name))
		return;
	if (is_mostly_huge(c->task))
		finding_add(d, FINDING_NOTE, ID_CONTAINER_HUGE_PAGES,
			    "ksmd splits a huge page only where it finds a page of it "
			    "elsewhere, and the kernel's counters show less than is merged",
			    "%s: most of its memory is in huge pages", name);
	container_tags_check(d, c, name);
}

static bool is_ksmd_running(void)
{
	int64_t run;

	return ksm_sysfs("run", &run) == 0 && run == 1;
}

void check_containers(struct doctor *d)
{
	size_t before = d->n, mergeable = 0, left_out = 0;
	bool running = is_ksmd_running();
	enum ksmd_progress progress = KSMD_NOT_LOOKED_AT;
	struct container_labels labels;
	struct container_summaries list;
	struct ksmd_speed speed;
	char name[METADATA_LABEL_MAX + 16], label[METADATA_LABEL_MAX];

	container_summaries_take(d, &list);
	container_labels_take(&labels);
	ksmd_speed_read(d, &speed);
	for (size_t i = 0; i < list.n; i++) {
		const struct container_summary *c = &list.c[i];

		mergeable += c->mergeable > 0;
		if (d->n - before >= CONTAINER_FINDINGS_MAX) {
			left_out++;
			continue;
		}
		container_target(name, sizeof(name), c,
				 container_label_of(&labels, &c->name, label, sizeof(label)));
		check_mergeable(d, c, name);
		check_against_rules(d, c, name);
		check_layout(d, c, name);
		container_limit_check(d, c, name);
		if (c->mergeable && running)
			container_sparse_check(d, c, name, &progress);
		if (c->mergeable && running)
			check_benefit(d, c, &speed, name);
	}
	if (left_out)
		finding_add(d, FINDING_NOTE, ID_CONTAINERS,
			    "a longer report would not be read; name a container to have it "
			    "checked",
			    "%zu more containers were not checked", left_out);
	finding_add(d, FINDING_OK, ID_CONTAINERS, NULL, "%zu of %zu containers are mergeable",
		    mergeable, list.n);
	container_labels_free(&labels);
	free(list.c);
}
