/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's list of what runs already. */
#include "nri/nri_sync.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "nri/nri_rpc.h"

/*
 * Of several messages, pods and containers are cut independently, so that neither need come
 * first. Protobuf's messages put together are one with all that they hold.
 */
int nri_sync_add(struct nri_sync *sync, const Nri__Synchronize *s,
		 const ProtobufCBinaryData *payload, const Nri__Synchronize **all,
		 struct error *err)
{
	bool fits = payload->len <= NRI_SYNC_MAX - sync->len;
	const Nri__Synchronize *whole = NULL;

	if (sync->len == 0 && !s->more) {
		*all = s;
		return 0;
	}
	if (fits) {
		memcpy(sync->bytes + sync->len, payload->data, payload->len);
		sync->len += payload->len;
	}
	if (fits && s->more)
		return 0;
	if (fits)
		whole = nri_rpc_unpack(&nri__synchronize__descriptor, sync->bytes, sync->len);
	if (!s->more) {
		madvise(sync->bytes, NRI_SYNC_MAX, MADV_DONTNEED);
		sync->len = 0;
	}
	if (!whole)
		return err_reason(err, REASON_NRI_PROTOCOL,
				  err_set(err, EFBIG,
					  "NRI: too many containers run already to look at; "
					  "`ksm-hook attach` can make them mergeable"));
	*all = whole;
	return 0;
}

const Nri__PodSandbox *nri_sync_pod(const Nri__Synchronize *s, const char *id)
{
	for (size_t i = 0; i < s->n_pods; i++) {
		if (strcmp(s->pods[i]->id, id) == 0)
			return s->pods[i];
	}
	return NULL;
}
