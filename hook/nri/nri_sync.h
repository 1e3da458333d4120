/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's list of what runs already (Synchronize), which may come in several messages. */
#ifndef KSM_NRI_SYNC_H
#define KSM_NRI_SYNC_H

#include <stddef.h>

#include "base/error.h"
#include "nri/nri.pb-c.h"

/* All messages of one list together: some thousand containers. */
#define NRI_SYNC_MAX (16u << 20)

struct nri_sync {
	unsigned char *bytes; /* NRI_SYNC_MAX of them, by nri_rpc_map(): what there is so far */
	size_t len;
};

/*
 * Take one more message: s, which payload says. *all is the whole list where this was the last one,
 * and lives until nri_rpc_release(); else it is left as it is. 0, or -EFBIG with err where the list
 * is too long, which is told of each message that does not fit.
 */
int nri_sync_add(struct nri_sync *sync, const Nri__Synchronize *s,
		 const ProtobufCBinaryData *payload, const Nri__Synchronize **all,
		 struct error *err);

/* The pod of that id in the list; NULL: it has none. */
const Nri__PodSandbox *nri_sync_pod(const Nri__Synchronize *s, const char *id);

#endif
