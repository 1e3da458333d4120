/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --economize: what ksm-hook economize does, in a process of its own, again and again. */
#ifndef KSM_NRI_ECONOMIZE_H
#define KSM_NRI_ECONOMIZE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct nri_economize {
	int every_s; /* 0: it was not asked for */
	const char *config;
	pid_t child; /* 0: none runs */
	int64_t next_ms;
};

/*
 * Say why it is not done where it cannot be: from another pid namespace, or by the way exec, whose
 * pods have not the rights.
 */
void nri_economize_begin(struct nri_economize *e, bool exec);

/* Start it where it is due. In how many milliseconds it is to be called again; -1: never. */
int nri_economize_keep(struct nri_economize *e);

/* A child has ended. */
void nri_economize_ended(struct nri_economize *e, pid_t pid);

/* One that runs has a few seconds to come to its end. */
void nri_economize_end(struct nri_economize *e);

#endif
