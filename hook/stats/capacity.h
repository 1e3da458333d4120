/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a saving can be promised, from how it held over time: pure arithmetic. Sizes are bytes,
 * times seconds.
 */
#ifndef KSM_CAPACITY_H
#define KSM_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Samples are put together to one in so long; so many of them are a week and some more. */
#define CAPACITY_SPACING_S   600
#define CAPACITY_SAMPLES_MAX 1024
#define CAPACITY_WINDOW_S    (INT64_C(7) * 86400)
/* What happens between two samples that are further apart is not known. */
#define CAPACITY_GAP_S 1800
/* So long after a boot ksmd has not merged yet what it will: such samples do not count. */
#define CAPACITY_BUILD_UP_S 3600
/* Of less nothing is promised: a day has its busy hours, whatever workload it is. */
#define CAPACITY_LEAST_S 86400
/* A fall of the saving within so long is a storm of copies; a slower one is seen in what held. */
#define CAPACITY_STORM_S 3600
/* No machine has more memory; so no sum of two overflows. */
#define CAPACITY_BYTES_MAX (INT64_C(1) << 60)

struct capacity_sample {
	uint64_t boot;    /* which start of the machine */
	int64_t uptime_s; /* CLOCK_BOOTTIME, which nobody sets */
	int64_t time_s;   /* CLOCK_REALTIME, which may jump */
	int64_t saved;    /* at least; the lowest of those put together */
	int64_t bare;     /* available memory less what is saved at most; likewise */
};

/* The oldest one first. */
struct capacity_history {
	size_t n;
	struct capacity_sample sample[CAPACITY_SAMPLES_MAX];
};

/*
 * Take a sample in. Is what is stored of the history not true any more, to within a hundredth?
 * Samples that are older than a full history reaches are forgotten; so are those of this boot that say
 * to be later.
 */
bool capacity_add(struct capacity_history *h, struct capacity_sample s);

struct capacity_past {
	int64_t covered_s; /* how far the samples reach back without a gap, at most the window */
	size_t samples;    /* in that time */
	size_t restarts;   /* of the machine, in that time */
	bool booting;      /* the last sample is of the time after a boot that does not count */
	bool enough;       /* for a promise; else the following are 0 */
	int64_t held;      /* the least that was saved */
	int64_t bare;      /* the least that would have been available without merging */
	int64_t fall;      /* the largest fall of the saving within CAPACITY_STORM_S */
};

/* What was, from the last sample of the history on back to window_s before it. */
void capacity_look_back(const struct capacity_history *h, int64_t window_s,
			struct capacity_past *out);

/*
 * The memory that can be given to more containers, if so much of the saving may be lost at once.
 * 0 where that is more than there is.
 */
int64_t capacity_room(const struct capacity_past *past, int64_t reserve);

/* Containers of one image, as they are now. */
struct capacity_image {
	size_t containers;
	int64_t needs; /* what one needs before anything of it is merged: the largest one */
	int64_t saves; /* what one saves, on the average */
	int64_t storm; /* what all of them may need at once, if they write to all they have */
};

/* The factor by which what a container saves now is less than what held. */
double capacity_held_share(int64_t saved, int64_t held);

/*
 * How many more fit into room, one after the other: each needs all of its memory when it starts.
 * reserve is what is set aside; where it grows, it does so with what the new ones could write to.
 */
int64_t capacity_fits(const struct capacity_image *image, int64_t room, int64_t reserve,
		      bool grows, double share);

#endif
