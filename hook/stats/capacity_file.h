/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of what was saved, in a file that root alone writes. */
#ifndef KSM_CAPACITY_FILE_H
#define KSM_CAPACITY_FILE_H

#include "base/error.h"
#include "stats/capacity.h"
#include "stats/snapshot.h"

#define CAPACITY_FILE "/var/lib/ksm-hook/samples"

/* A line is at most so long: 16 digits of the boot and four numbers of up to 20. */
#define CAPACITY_LINE_MAX ((size_t)104)
#define CAPACITY_TEXT_MAX ((CAPACITY_SAMPLES_MAX + 1) * CAPACITY_LINE_MAX)

/*
 * Pure: text of the file to a history and back. The first one returns 0, or -EINVAL with the line in err; the
 * second one the length, of at most CAPACITY_TEXT_MAX.
 */
int capacity_parse(struct capacity_history *out, const char *text, size_t len,
		   struct error *err);
size_t capacity_format(const struct capacity_history *h, char text[CAPACITY_TEXT_MAX + 1]);

/*
 * 0; -ENOENT where there is no file (yet); -EPERM where others than root could have written it;
 * -EINVAL where it is broken. The history is empty unless that is 0.
 */
int capacity_load(struct capacity_history *out, const char *path, struct error *err);

/* In one step, with the directory that it is in, where that is missing. 0 or -errno with err. */
int capacity_store(const struct capacity_history *h, const char *path, struct error *err);

/* The sample of now. 0, or -errno where the kernel does not say enough. */
int capacity_sample_now(struct capacity_sample *out, const struct snapshot *s,
			struct error *err);

#endif
