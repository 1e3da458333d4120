/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the anonymous pages of processes that run on, and keeps nothing of them but hashes. */
#ifndef KSM_SURVEY_H
#define KSM_SURVEY_H

#include <stdint.h>
#include <sys/types.h>

#include "estimate/page_sample.h"
#include "kernel/pagemap.h"

struct survey;

/* What was found of one owner. */
struct survey_count {
	uint64_t places; /* where ksmd would look: 64 bytes of kernel memory each */
	uint64_t frames; /* in memory, not merged, each counted with the first who has it */
	uint64_t merged; /* of places: merged already */
	uint64_t huge;   /* of frames: part of a huge page */
	uint64_t unread; /* of frames: gone, or not to be read */
};

/* Called now and then with the number of pages that are done. */
typedef void survey_progress(void *arg, uint64_t pages);

/* NULL when there is no memory. room as contents_new() has it. */
struct survey *survey_new(size_t room, survey_progress *progress, void *arg);

/* Wipes what was read. */
void survey_free(struct survey *s);

/*
 * Add the pages of a process to an owner (what is merged already: to owner 0). The process is
 * neither stopped nor changed: absent and swapped pages stay away. 0; -ESRCH; -EPERM, -EACCES:
 * it may not be read; -ENOMEM.
 */
int survey_process(struct survey *s, pid_t pid, enum pages_which which, uint32_t owner,
		   struct survey_count *count);

/*
 * Look again at some pages of all that were read, at least a second after the first. Returns
 * the share of them that has another content now; *ms: how much later.
 */
double survey_changed(struct survey *s, int64_t *ms);

/* Bytes read, and the time that took. */
uint64_t survey_bytes(const struct survey *s);
int64_t survey_us(const struct survey *s);

/* contents_finish() with the rules of this kernel's sysfs. */
void survey_finish(struct survey *s, uint32_t owners, struct contents_sum *of,
		   struct contents_total *total);

#endif
