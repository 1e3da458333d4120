/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ksm-hook nri --listen: two processes beside the agent. ksm-hook-http talks to whoever connects
 * and has no right; the other one makes the pages, may look at processes, and talks to nobody else.
 */
#ifndef KSM_NRI_HTTP_H
#define KSM_NRI_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "applets/nri_pages.h"
#include "base/error.h"

struct nri_http {
	int listens; /* 0: it was not asked for */
	struct nri_pages made;
	pid_t pages, http;   /* 0: it does not run */
	int64_t started_ms;  /* the last time, of now_ms() */
	const char *samples; /* where what is saved over time is kept; NULL: in memory only */
	int64_t stored_ms;
	bool told; /* that they cannot be stored */
};

/*
 * Listen at "[ADDRESS]:PORT" for both, which nri_http_keep() starts; containers are put together by
 * group, and judged by the files of config. 0; -EINVAL where that is no
 * address, or -errno. samples: the file with what was saved before, which nri_http_keep() replaces; or NULL.
 */
int nri_http_open(struct nri_http *h, const char *address, const char *group,
		  const char *config, const char *samples, const struct nri_state *state,
		  struct error *err);

/*
 * Start both where they do not run, at most once in a while, and store samples. In how many milliseconds it is to be
 * called again; -1: they run, or are not wanted.
 */
int nri_http_keep(struct nri_http *h);

/* A child has ended: if it is one of ours, the other one ends as well. */
void nri_http_ended(struct nri_http *h, pid_t pid);

void nri_http_close(struct nri_http *h);

#endif
