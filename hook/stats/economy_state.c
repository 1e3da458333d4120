/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of ksm-hook economize leaves for the next. */
#include "stats/economy_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "kernel/proc.h"

static bool is_possible(const struct economy_record *r)
{
	return r->pid > 0 && r->past.scans >= 0 && r->past.ms >= 0 && r->past.cost >= 0 &&
	       r->past.merged >= 0;
}

static void parse_record(const char *line, struct economy_state *out)
{
	struct economy_record *r = &out->record[out->n];
	int seen;

	*r = (struct economy_record){ .past.known = true };
	if (sscanf(line, "%d %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %d",
		   &r->pid, &r->start, &r->past.scans, &r->past.ms, &r->past.cost,
		   &r->past.merged, &seen) != 7 ||
	    !is_possible(r) || seen < 0 || seen >= ECONOMY_SEEN_KINDS)
		return;
	r->past.seen = (enum economy_seen)seen;
	out->n++;
}

void economy_state_parse(const char *text, struct economy_state *out)
{
	out->n = 0;
	while (*text && out->n < ECONOMY_RECORDS_MAX) {
		size_t len = strcspn(text, "\n");
		char line[132];

		if (len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			parse_record(line, out);
		}
		text += len + (text[len] == '\n');
	}
}

size_t economy_state_format(const struct economy_state *s, char *text, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct economy_record *r = &s->record[i];

		len += (size_t)snprintf(text + len, size - len,
					"%d %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64
					" %" PRId64 " %d\n",
					r->pid, r->start, r->past.scans, r->past.ms,
					r->past.cost, r->past.merged, (int)r->past.seen);
	}
	return len;
}

static void find_container(struct economy_record *r)
{
	struct proc_stat st;

	r->here = proc_stat(r->pid, &st) == 0 && st.start == r->start &&
		  container_of(r->pid, &r->name);
}

int economy_state_read(struct economy_state *out, struct error *err)
{
	char *text = malloc(ECONOMY_TEXT_MAX + 1);
	ssize_t n;

	out->n = 0;
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	n = read_regular_file(AT_FDCWD, ECONOMY_DIRECTORY "/" ECONOMY_STATE,
			      FILE_TRUSTED | FILE_OPTIONAL, text, ECONOMY_TEXT_MAX, err);
	if (n > 0)
		economy_state_parse(text, out);
	for (size_t i = 0; i < out->n; i++)
		find_container(&out->record[i]);
	free(text);
	return n < 0 && n != -ENOENT ? (int)n : 0;
}

int economy_state_write(const struct economy_state *s, struct error *err)
{
	char *text = malloc(ECONOMY_TEXT_MAX);
	int r;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	if (mkdir(ECONOMY_DIRECTORY, 0755) < 0 && errno != EEXIST)
		r = err_errno(err, errno, ECONOMY_DIRECTORY);
	else
		r = replace_file(AT_FDCWD, ECONOMY_DIRECTORY "/" ECONOMY_STATE, text,
				 economy_state_format(s, text, ECONOMY_TEXT_MAX), 0600, err);
	free(text);
	return r;
}

void economy_state_find(const struct economy_state *s, const struct container_name *name,
			struct economy_past *past)
{
	*past = (struct economy_past){ 0 };
	for (size_t i = 0; i < s->n; i++) {
		const struct economy_record *r = &s->record[i];

		if (r->here && container_name_compare(&r->name, name) == 0) {
			*past = r->past;
			return;
		}
	}
}

void economy_state_add(struct economy_state *s, pid_t pid, const struct economy_past *past)
{
	struct proc_stat st;

	if (s->n == ECONOMY_RECORDS_MAX || proc_stat(pid, &st) < 0)
		return;
	s->record[s->n++] =
		(struct economy_record){ .pid = pid, .start = st.start, .past = *past };
}
