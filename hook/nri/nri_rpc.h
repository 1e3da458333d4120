/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of NRI to and from bytes: protobuf, in memory that is set aside once, so that it works
 * in a confined process, and no message takes more.
 */
#ifndef KSM_NRI_RPC_H
#define KSM_NRI_RPC_H

#include "base/error.h"
#include "nri/nri.pb-c.h"
#include "nri/nri_mux.h"

/* Codes of google.rpc.Code that we answer with. */
#define NRI_INVALID_ARGUMENT    3
#define NRI_FAILED_PRECONDITION 9
#define NRI_UNIMPLEMENTED       12

/* Memory that is taken from the kernel page by page, as it is used. NULL: there is none. */
void *nri_rpc_map(size_t size);

/* Set the memory aside. 0 or -ENOMEM. */
int nri_rpc_reserve(struct error *err);

/* Forget all that was unpacked. */
void nri_rpc_release(void);

/*
 * Unpack; lives until nri_rpc_release(). NULL where it is no such message, or one that does not
 * fit into the memory.
 */
void *nri_rpc_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t len);

/* Memory of the same kind, for what is sent. NULL where there is none left. */
void *nri_rpc_room(size_t size);

/* Send a call, or the answer to one, which says what went wrong if code is not 0. 0 or -errno. */
int nri_rpc_call(int fd, uint32_t stream, const char *service, const char *method,
		 const ProtobufCMessage *arguments);
int nri_rpc_answer(int fd, uint32_t stream, const ProtobufCMessage *result);
int nri_rpc_refuse(int fd, uint32_t stream, int code, const char *message);

#endif
