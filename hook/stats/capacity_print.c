/* SPDX-License-Identifier: Apache-2.0 */
/* What can be promised, as a text, as JSON and as metrics. */
#include "stats/capacity_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/text.h"

/* Longer names of images are truncated, so that lines do not wrap. */
#define IMAGE_SHOWN 44

static const char *format_time(char *out, size_t size, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} unit[] = { { 86400, "day", "days" },
		     { 3600, "hour", "hours" },
		     { 60, "minute", "minutes" },
		     { 1, "second", "seconds" } };
	size_t i = 0;
	int64_t n;

	/* a single one of the larger unit would hide almost half of it */
	while (i < 3 && seconds < 2 * unit[i].seconds)
		i++;
	if (seconds == 86400)
		i = 0;
	n = seconds / unit[i].seconds;
	snprintf(out, size, "%" PRId64 " %s", n, n == 1 ? unit[i].one : unit[i].many);
	return out;
}

static const char *capacity_why_not(const struct capacity_report *r, char *out, size_t size)
{
	char covered[32], least[32];

	format_time(covered, sizeof(covered), r->past.covered_s);
	format_time(least, sizeof(least), CAPACITY_LEAST_S);
	if (r->past.booting)
		snprintf(out, size,
			 "the machine was started less than an hour ago, and what ksmd merges "
			 "after a boot is not there yet");
	else if (r->past.samples < 2)
		snprintf(out, size,
			 "there is no sample of the last %d minutes but this one (`systemctl "
			 "enable --now ksm-hook-metrics.timer` takes them)",
			 CAPACITY_GAP_S / 60);
	else
		snprintf(out, size,
			 "the samples reach back %s without a gap, and %s is the least",
			 covered, least);
	return out;
}

static void print_reserve(FILE *f, const struct capacity_report *r)
{
	char bytes[16], name[4 * IMAGE_SHOWN + 1];

	format_bytes(bytes, sizeof(bytes), r->reserve);
	printable(name, sizeof(name), r->image, strnlen(r->image, IMAGE_SHOWN));
	if (r->why == RESERVE_GIVEN)
		fprintf(f, "reserve     %s, as --reserve says\n", bytes);
	else if (r->why == RESERVE_FALL)
		fprintf(f, "reserve     %s: the saving fell by that within an hour\n", bytes);
	else
		fprintf(f, "reserve     %s, if all that is of %s%s wrote to it at once\n",
			bytes, *name ? "image " : "no known image", name);
}

static void print_images(FILE *f, const struct capacity_report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct capacity_row *row = &r->row[i];
		char needs[16], saves[16], name[4 * IMAGE_SHOWN + 1], fits[24] = "-";

		if (!row->name[0])
			continue;
		if (!any)
			fprintf(f, "\n%-*s %8s %10s %10s %10s\n", IMAGE_SHOWN, "IMAGE",
				"RUNNING", "EACH", "SAVES", "MORE FIT");
		any = true;
		printable(name, sizeof(name), row->name, strnlen(row->name, IMAGE_SHOWN));
		if (row->fits >= 0)
			snprintf(fits, sizeof(fits), "%" PRId64, row->fits);
		fprintf(f, "%-*s %8zu %10s %10s %10s\n", IMAGE_SHOWN, name,
			row->image.containers,
			format_bytes(needs, sizeof(needs), row->image.needs),
			format_bytes(saves, sizeof(saves), row->image.saves), fits);
	}
	if (any)
		fprintf(f, "\nEach line by itself, and anonymous memory only: files, shared "
			   "memory and the kernel's own come on top.\n");
}

void capacity_print(FILE *f, const struct capacity_report *r)
{
	char saved[16], most[16], held[16], fall[16], bare[16], available[16], room[16];
	char covered[32], why[200];
	const struct capacity_past *p = &r->past;

	format_bytes(saved, sizeof(saved), r->saved.least);
	format_bytes(most, sizeof(most), r->saved.most);
	fprintf(f, "saved       %s now", saved);
	if (strcmp(saved, most) != 0)
		fprintf(f, ", at most %s", most);
	fprintf(f, "\navailable   %s now\n",
		r->available < 0 ? "?" :
				   format_bytes(available, sizeof(available), r->available));
	if (!p->enough) {
		fprintf(f, "promised    nothing: %s\n", capacity_why_not(r, why, sizeof(why)));
		print_images(f, r);
		return;
	}
	format_bytes(held, sizeof(held), p->held);
	format_bytes(room, sizeof(room), r->room);
	format_time(covered, sizeof(covered), p->covered_s);
	fprintf(f, "held        %s for %s (%zu samples", held, covered, p->samples);
	if (p->restarts)
		fprintf(f, "; %zu restarts of the machine, the hour after each not counted",
			p->restarts);
	fprintf(f, ")\nfell        by %s within an hour, at most\n",
		format_bytes(fall, sizeof(fall), p->fall));
	fprintf(f, "unmerged    %s would have been %s, at the worst time\n",
		format_bytes(bare, sizeof(bare), p->bare < 0 ? -p->bare : p->bare),
		p->bare < 0 ? "missing" : "available");
	print_reserve(f, r);
	fprintf(f, "promised    %s saved, %s held for %s; with that reserve, room for %s\n",
		saved, held, covered, room);
	print_images(f, r);
}

static void json_image(struct json_out *o, const struct capacity_row *row)
{
	json_out_object(o, NULL);
	json_out_string(o, "image", row->name);
	json_out_int(o, "containers", (int64_t)row->image.containers);
	json_out_int(o, "needs_bytes", row->image.needs);
	json_out_int(o, "saves_bytes", row->image.saves);
	json_out_int(o, "storm_bytes", row->image.storm);
	if (row->fits < 0)
		json_out_null(o, "more_fit");
	else
		json_out_int(o, "more_fit", row->fits);
	json_out_end_object(o);
}

/* What is not known is null, not 0. */
static void json_promised(struct json_out *o, const struct capacity_report *r, const char *key,
			  int64_t value)
{
	if (r->past.enough)
		json_out_int(o, key, value);
	else
		json_out_null(o, key);
}

int capacity_print_json(const struct capacity_report *r)
{
	static const char *const reasons[] = { "given", "fall", "image" };
	struct json_out *o = json_out_new();
	char why[200];

	if (!o)
		return -ENOMEM;
	json_out_object(o, NULL);
	json_out_bool(o, "promised", r->past.enough);
	if (!r->past.enough)
		json_out_string(o, "why_not", capacity_why_not(r, why, sizeof(why)));
	json_out_int(o, "saved_bytes", r->saved.least);
	json_out_int(o, "saved_at_most_bytes", r->saved.most);
	json_out_int(o, "available_bytes", r->available);
	json_out_int(o, "window_seconds", r->window_s);
	json_out_int(o, "covered_seconds", r->past.covered_s);
	json_out_int(o, "samples", (int64_t)r->past.samples);
	json_out_int(o, "restarts", (int64_t)r->past.restarts);
	json_promised(o, r, "held_bytes", r->past.held);
	json_promised(o, r, "largest_fall_bytes", r->past.fall);
	json_promised(o, r, "unmerged_available_bytes", r->past.bare);
	json_promised(o, r, "reserve_bytes", r->reserve);
	json_out_string(o, "reserve_from", reasons[r->why]);
	json_promised(o, r, "room_bytes", r->room);
	json_out_array(o, "images");
	for (size_t i = 0; i < r->n; i++)
		json_image(o, &r->row[i]);
	json_out_end_array(o);
	json_out_end_object(o);
	return json_out_finish(o) == 0 ? 0 : -ENOMEM;
}

static void capacity_metric(FILE *f, const char *name, const char *help, int64_t value)
{
	fprintf(f,
		"# HELP ksm_hook_capacity_%s %s\n# TYPE ksm_hook_capacity_%s gauge\n"
		"ksm_hook_capacity_%s %" PRId64 "\n",
		name, help, name, name, value);
}

void capacity_metrics(FILE *f, const struct capacity_report *r)
{
	capacity_metric(f, "covered_seconds",
			"How far samples of what is saved reach back without a gap.",
			r->past.covered_s);
	if (!r->past.enough)
		return;
	capacity_metric(f, "held_bytes", "The least that was saved in that time.",
			r->past.held);
	capacity_metric(f, "largest_fall_bytes",
			"The largest fall of the saving within an hour, in that time.",
			r->past.fall);
	capacity_metric(f, "reserve_bytes",
			"What is kept for merged pages that are written to at once.",
			r->reserve);
	capacity_metric(f, "room_bytes", "Memory that can be given to more containers.",
			r->room);
}
