/* SPDX-License-Identifier: Apache-2.0 */
/* Have ksmd scan only those parts of a process that hold something merged, or all of it again. */
#include "inject/narrow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "inject/inject.h"
#include "kernel/ksm.h"
#include "kernel/maps.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "kernel/watched.h"

/* uapi/asm-generic/mman-common.h */
#define NARROW_MERGEABLE   12
#define NARROW_UNMERGEABLE 13

/* As set_mergeable.c has it: all of the address space, holes or not. */
#define NARROW_WHOLE_SPACE (1UL << 56)

/* For it to enter the kernel, and for the calls of a stop. */
#define NARROW_ENTER_MS 500
#define NARROW_CALLS_MS 2000

/* mm/util.c */
#define MAP_COUNT_DEFAULT 65530

static int64_t max_map_count(void)
{
	char text[32];
	int64_t n;
	ssize_t len = read_kernel_file("/proc/sys/vm/max_map_count", text, sizeof(text));

	while (len > 0 && text[len - 1] == '\n')
		len--;
	return len > 0 && parse_int(text, (size_t)len, 0, INT32_MAX, &n) == 0 ?
		       n :
		       MAP_COUNT_DEFAULT;
}

struct counting {
	int64_t lines, most;
};

static bool count_line(void *arg, const char *line)
{
	struct counting *c = arg;

	(void)line;
	return ++c->lines < c->most;
}

/* From within watched_run(). No more than most; most where it cannot be read. */
static int64_t narrow_mappings_of(pid_t pid, int64_t most)
{
	struct counting c = { 0, most };

	return maps_each_line(pid, count_line, &c) < 0 ? most : c.lines;
}

/* No process comes near the limit by us: half of it stays free. */
static size_t runs_that_fit(pid_t pid)
{
	int64_t most = max_map_count() / 2, left = (most - narrow_mappings_of(pid, most)) / 2;

	return left < 0 ? 0 : left < PIECE_RUNS_MAX ? (size_t)left : PIECE_RUNS_MAX;
}

/* What takes half a minute to look at, 64 GiB with pages of 4 KiB, stays as it is. */
#define NARROW_PAGES_MAX (UINT64_C(1) << 24)

static int add_pages(void *arg, const struct page *page, size_t n)
{
	struct piece_plan *p = arg;

	return p->pages > NARROW_PAGES_MAX ? -E2BIG : piece_plan_add(p, page, n);
}

/* The answer: the plan, and behind it its runs. */
static int plan_in_child(void *arg, void **data, size_t *size, struct error *err)
{
	pid_t task = *(const pid_t *)arg;
	struct piece_plan p = { 0 };
	int64_t zero_pages = 0;
	char *answer;
	int r;

	/* the caller sees to how long a container takes */
	watched_without_budget();
	(void)ksm_sysfs("use_zero_pages", &zero_pages);
	p.zero_pages = zero_pages == 1;
	r = pages_walk(task, PAGES_MERGEABLE, add_pages, &p);
	if (r == 0 || r == -E2BIG)
		r = piece_plan_choose(&p, r == 0 ? runs_that_fit(task) : 0);
	if (r < 0) {
		free(p.run);
		return err_reason(err, r == -EBUSY ? REASON_TARGET_UNREADABLE : REASON_NONE,
				  err_errno(err, -r, "its pages"));
	}
	*size = sizeof(p) + p.n * sizeof(*p.run);
	answer = malloc(*size);
	if (answer) {
		memcpy(answer, &p, sizeof(p));
		if (p.n)
			memcpy(answer + sizeof(p), p.run, p.n * sizeof(*p.run));
	}
	free(p.run);
	*data = answer;
	return answer ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* Of the answer only what it is asked for: the child's pointers are nobody's. */
static int take_plan(struct piece_plan *p, const char *answer, size_t size, struct error *err)
{
	struct piece_plan told;

	if (size < sizeof(told) || (size - sizeof(told)) % sizeof(*told.run) ||
	    (size - sizeof(told)) / sizeof(*told.run) > PIECE_RUNS_MAX)
		return err_set(err, EIO, "no answer");
	memcpy(&told, answer, sizeof(told));
	p->pages = told.pages;
	p->capacity = p->n = (size - sizeof(told)) / sizeof(*p->run);
	p->run = p->n ? malloc(p->n * sizeof(*p->run)) : NULL;
	if (p->n && !p->run)
		return err_set(err, ENOMEM, "out of memory");
	if (p->n)
		memcpy(p->run, answer + sizeof(told), p->n * sizeof(*p->run));
	if (piece_plan_is_possible(p))
		return 0;
	free(p->run);
	*p = (struct piece_plan){ 0 };
	return err_set(err, EIO, "an answer that cannot be");
}

/* Is it the process that is meant? */
static int find_the_same(const struct narrow_target *t, struct process *out, struct error *err)
{
	if (process_find(t->pid, out) == 0 && out->stat.start == t->start &&
	    (!t->still_right || t->still_right(t->arg, t->pid)))
		return 0;
	return err_reason(err, REASON_TARGET_ENDED,
			  err_set(err, ESRCH, "the process has ended"));
}

int narrow_plan(const struct narrow_target *t, struct piece_plan *p, struct error *err)
{
	struct process found;
	size_t size = 0;
	char *answer = NULL;
	int r = find_the_same(t, &found, err);

	*p = (struct piece_plan){ 0 };
	if (r == 0)
		r = watched_run(plan_in_child, &found.task, (void **)&answer, &size, err);
	if (r == 0)
		r = take_plan(p, answer, size, err);
	free(answer);
	return r;
}

/* One stop. */
static int narrow_calls(const struct narrow_target *t, const struct inject_call *call, size_t n,
			struct narrowed *out, struct error *err)
{
	__cleanup(close_fd) int pidfd = proc_pin(t->pid);
	struct inject_target target = { .pid = t->pid, .pidfd = pidfd };
	struct process found;
	/* behind the pin: from here on its number means no other */
	int r = find_the_same(t, &found, err);

	if (r == 0 && pidfd < 0)
		r = err_errno(err, -pidfd, "pidfd_open");
	if (r == 0)
		r = inject_run_patiently(&target, 1, call, n, NARROW_ENTER_MS, NARROW_CALLS_MS,
					 err);
	/* holes within a run are no failure */
	if (r == 0 && target.result < 0 && target.result != -ENOMEM) {
		*err = target.err;
		r = target.result;
	}
	out->stops++;
	if (target.stopped_us > out->stopped_us)
		out->stopped_us = target.stopped_us;
	return r;
}

int narrow_process(const struct narrow_target *t, const struct piece_plan *p,
		   struct narrowed *out, struct error *err)
{
	struct inject_call call[INJECT_CALLS_MAX];
	int r = 0;

	*out = (struct narrowed){ 0 };
	for (size_t i = 0, n; r == 0 && i < p->n; i += n) {
		n = p->n - i < INJECT_CALLS_MAX ? p->n - i : INJECT_CALLS_MAX;
		for (size_t k = 0; k < n; k++)
			call[k] = (struct inject_call){ p->run[i + k].start,
							p->run[i + k].end - p->run[i + k].start,
							NARROW_UNMERGEABLE, INJECT_MADVISE };
		r = narrow_calls(t, call, n, out, err);
		out->runs += r == 0 ? n : 0;
	}
	return r;
}

int widen_process(const struct narrow_target *t, struct narrowed *out, struct error *err)
{
	const struct inject_call call = { 0, NARROW_WHOLE_SPACE, NARROW_MERGEABLE,
					  INJECT_MADVISE };

	*out = (struct narrowed){ 0 };
	return narrow_calls(t, &call, 1, out, err);
}
