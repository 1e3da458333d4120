/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel can do, found out by trying. */
#ifndef KSM_KSM_PROBE_H
#define KSM_KSM_PROBE_H

#include <stdbool.h>

#include "kernel/ksm.h"

/* What probing, never a version number, says of this kernel. */
struct support {
	bool ksm;           /* CONFIG_KSM: sysfs is there and madvise accepts the call */
	bool prctl;         /* PR_SET_MEMORY_MERGE */
	bool fork;          /* a child inherits it */
	enum ksm_flag exec; /* it survives exec, and ksmd goes on scanning */
	bool exec_certain;  /* exec is what the kernel says, not a guess from smaps */
	bool per_process;   /* /proc/PID/ksm_stat */
};

/*
 * Called under this name, the program is the one that probe_support() starts: it has to wait,
 * and do nothing else, until it has been looked at.
 */
#define PROBE_WAIT_NAME "ksm-hook-wait"
int probe_wait(void);

/* All of it; starts this program once more to see what exec does. */
struct support probe_support(void);

/* What makes a container that is started mergeable, with the method "auto". */
enum probe_way {
	PROBE_NO_KSM,
	PROBE_MADVISE,   /* no prctl: the library calls madvise for the mappings */
	PROBE_EACH_EXEC, /* exec loses mergeability: the library sets it in every program */
	PROBE_INHERIT,   /* what is put into the init stays, or the kernel does not tell */
};

/* The same question as cheaply as the kernel lets it be answered. */
enum probe_way probe_way(void);

#endif
