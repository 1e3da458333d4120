/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the confined reader of NRI's frames may ask the process with power for: a packet of one
 * size for each call, one at a time, over a socket between the two.
 */
#ifndef KSM_NRI_CALL_H
#define KSM_NRI_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "nri/nri_adjust.h"
#include "oci/decision_types.h"

enum nri_call_kind {
	NRI_CALL_CONFIG,       /* has config.json changed? A decision is about to be made */
	NRI_CALL_REGISTERED,   /* the runtime has taken us on; text says which one it is */
	NRI_CALL_CREATE,       /* a container that is being created, and what was decided */
	NRI_CALL_START,        /* a container that is about to start, and what was decided */
	NRI_CALL_STARTED,      /* the same, where a kernel may have lost it by then */
	NRI_CALL_REMOVED,      /* a container that is no more, by its id */
	NRI_CALL_EXISTING,     /* one that is there already; they are seen to after: */
	NRI_CALL_SYNCHRONIZED, /* the runtime has named all that there are */
	NRI_CALL_SAY,          /* container.err is a complaint for the log */
	NRI_CALL_KINDS
};

struct nri_call {
	enum nri_call_kind kind;
	bool takes_args;    /* NRI_CALL_REGISTERED: the runtime can change arguments */
	bool can[NRI_USES]; /* NRI_CALL_CREATE: the container can be changed like that */
	char text[128];
	struct container_decision container;
};

/* Sent without what only a bundle's reader fills in. */
#define NRI_CALL_SIZE \
	(offsetof(struct nri_call, container) + offsetof(struct container_decision, spec))

/* NRI_CALL_CONFIG's answer is followed by a packet for each of the configuration's files. */
struct nri_answer {
	bool refuse;  /* NRI_CALL_START, _CREATE: merging is required, and was not possible */
	bool changed; /* NRI_CALL_CONFIG: forget what you know, and believe what follows */
	bool loses;   /* NRI_CALL_REGISTERED: this kernel loses mergeability at exec */
	bool exec;    /* NRI_CALL_REGISTERED: containers are changed as they are created */
	enum nri_use use;  /* NRI_CALL_CREATE: what it gets */
	int config_result; /* NRI_CALL_CONFIG: 0, or -errno with err: it cannot be read */
	size_t config_files;
	struct error err; /* why it is refused, or why config.json cannot be read; or empty */
};

/*
 * For the process with power: -EPROTO with err where this is no packet that our reader would have
 * sent. All texts are ended.
 */
int nri_call_check(struct nri_call *call, size_t len, struct error *err);

#endif
