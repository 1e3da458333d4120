/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the anonymous pages of processes that run on, and keeps nothing of them but hashes. */
#ifndef KSM_PAGE_READER_H
#define KSM_PAGE_READER_H

#include <stdint.h>
#include <sys/types.h>

#include "estimate/page_sample.h"
#include "kernel/pagemap.h"

struct page_reader;

/* What was found of one owner. */
struct page_counts {
	uint64_t mappings; /* that ksmd would scan: 64 bytes of kernel memory each */
	uint64_t frames;   /* in memory, not merged, each counted with the first who has it */
	uint64_t merged;   /* of mappings: merged already */
	uint64_t huge;     /* of frames: part of a huge page */
	uint64_t unread;   /* of frames: gone, or not to be read */
};

/* Called now and then with the number of pages that are done. */
typedef void page_progress(void *arg, uint64_t pages);

enum page_reading {
	READ_AS_IT_IS,
	READ_MASKED,   /* and what is needed for page_reader_finish_masked() */
	READ_UNMERGED, /* as if nothing were merged: each mapping of a merged page is a frame */
};

/* NULL when there is no memory. capacity as page_sample_new() has it. */
struct page_reader *page_reader_new(size_t capacity, enum page_reading reading,
				    page_progress *progress, void *arg);

/* Wipes what was read. */
void page_reader_free(struct page_reader *s);

/*
 * Add the pages of a process to an owner (what is merged already: to owner 0, but if READ_UNMERGED). The process is
 * neither stopped nor changed: absent and swapped pages stay away. 0; -ESRCH; -EPERM, -EACCES:
 * it may not be read; -ENOMEM.
 */
int page_reader_read(struct page_reader *s, pid_t pid, enum pages_which which, uint32_t owner,
		     struct page_counts *count);

/*
 * Look again at some pages of all that were read, at least a second after the first. Returns
 * the share of them that has another content now; *ms: how much later.
 */
double page_reader_changed(struct page_reader *s, int64_t *ms);

/* The program of the process that was read last, by its name; 0: not known. After READ_MASKED. */
uint64_t page_reader_program(const struct page_reader *s);

/* Bytes read, and the time that took. */
uint64_t page_reader_bytes(const struct page_reader *s);
int64_t page_reader_us(const struct page_reader *s);

/* page_sample_finish() with the rules of this kernel's sysfs. */
void page_reader_finish(struct page_reader *s, uint32_t owners, struct merge_sum *of,
			struct merge_total *total);

/*
 * The same of pages in which each word that points into the process's own memory was replaced by the
 * mapping and the offset in it: what would be equal if the addresses were.
 */
void page_reader_finish_masked(struct page_reader *s, uint32_t owners, struct merge_sum *of,
			       struct merge_total *total);

#endif
