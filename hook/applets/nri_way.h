/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ksm-hook nri --way: inject, which reaches into a container that starts, or exec, which has one that
 * is created make itself mergeable and needs no right.
 */
#ifndef KSM_NRI_WAY_H
#define KSM_NRI_WAY_H

#include <limits.h>
#include <stdbool.h>

#include "kernel/ksm_probe.h"
#include "nri/nri_call.h"

struct nri_way {
	const char *asked; /* "auto", "inject", "exec" */
	enum probe_way kernel;
	char program[PATH_MAX], preload[PATH_MAX]; /* as the runtime's host knows them */
	bool share;                                /* they are what --share says */
	/* of this connection */
	bool exec;
	bool takes_args;
	bool program_shared, preload_shared; /* the runtime finds the same file by that path */
	const char *why;
};

/*
 * Find out what the kernel can do, and where what containers get lies: in the directory share, into
 * which it is copied, else where it is installed. 0 or -errno.
 */
int nri_way_prepare(struct nri_way *w, const char *asked, const char *share, struct error *err);

/* For this connection to a runtime, by its socket: set exec and why. */
void nri_way_choose(struct nri_way *w, int runtime);

/* For the log, once it is known whether the runtime takes arguments. */
void nri_way_describe(const struct nri_way *w, char *out, size_t size);

/*
 * What a container gets that is to be merged; -errno with err where there is nothing that would do.
 * What is not there any more would keep the container from starting, so it is looked at.
 */
int nri_way_use(const struct nri_way *w, const struct decision *d, enum nri_use *use,
		struct error *err);

#endif
