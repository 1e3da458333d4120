/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ksm-hook nri --features: what this node can do, in a file that Node Feature Discovery makes labels
 * of. It says until when it counts, and is written anew before: who was killed has no labels for long.
 */
#ifndef KSM_NRI_FEATURES_H
#define KSM_NRI_FEATURES_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/ksm_probe.h"

struct nri_features {
	const char *dir; /* of the files that NFD reads; NULL: it was not asked for */
	enum probe_way kernel;
	const char
		*agent; /* how it makes mergeable, "inject" or "exec"; NULL: not registered */
	/* its own */
	const char *written; /* agent, as it was then */
	pid_t writer;        /* 0: none writes */
	int64_t next_ms;     /* of now_ms() */
	bool failed;         /* the last one could not, and has said so */
};

/*
 * Have it written where that is due, by a child: a disk may be slow. In how many milliseconds it is
 * to be called again; -1: only when something changes.
 */
int nri_features_keep(struct nri_features *f);

/* A child has ended, with this status of waitpid(2); it may be ours. */
void nri_features_ended(struct nri_features *f, pid_t pid, int status);

/* Remove the file. */
void nri_features_remove(struct nri_features *f);

/* What an agent that was killed has left where NFD looks: 1 if it was removed, 0 if there is none. */
int nri_features_forget(struct error *err);

#endif
