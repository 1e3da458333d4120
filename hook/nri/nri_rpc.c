/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of NRI to and from bytes: protobuf, in memory that is set aside once. */
#include "nri/nri_rpc.h"

#include <sys/mman.h>

#include "base/io.h"

/*
 * A message is held as structures of pointers, some times as long as on the wire. What somebody
 * could blow up beyond this (4 MiB of empty messages would be 300) is no message.
 */
#define ARENA_SIZE (96u << 20)
/* What is given back to the kernel after a message that needed more than this. */
#define ARENA_KEPT (256u << 10)

static unsigned char *rpc_arena;
static size_t rpc_arena_used;

void *nri_rpc_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int nri_rpc_reserve(struct error *err)
{
	rpc_arena = nri_rpc_map(ARENA_SIZE);
	return rpc_arena ? 0 : err_errno(err, errno, "memory for NRI's messages");
}

void nri_rpc_release(void)
{
	if (rpc_arena_used > ARENA_KEPT)
		madvise(rpc_arena, ARENA_SIZE, MADV_DONTNEED);
	rpc_arena_used = 0;
}

static void *rpc_alloc(void *ctx, size_t size)
{
	void *p = rpc_arena + rpc_arena_used;

	(void)ctx;
	/* both are multiples of 16, and a place that is full has no 15 to take off */
	if (size > ARENA_SIZE || ((size + 15) & ~(size_t)15) > ARENA_SIZE - rpc_arena_used)
		return NULL;
	rpc_arena_used += (size + 15) & ~(size_t)15;
	return p;
}

static void rpc_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

void *nri_rpc_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t len)
{
	static ProtobufCAllocator allocator = { .alloc = rpc_alloc, .free = rpc_free };

	return protobuf_c_message_unpack(type, &allocator, len, data);
}

void *nri_rpc_room(size_t size)
{
	return rpc_alloc(NULL, size);
}

/* Pack, in the same memory, which is given back with the message that is answered. */
static int pack(const ProtobufCMessage *message, ProtobufCBinaryData *out)
{
	out->len = protobuf_c_message_get_packed_size(message);
	out->data = out->len <= NRI_MESSAGE_MAX ? nri_rpc_room(out->len) : NULL;
	if (!out->data)
		return -EMSGSIZE;
	(void)protobuf_c_message_pack(message, out->data);
	return 0;
}

static int send_message(int fd, uint32_t connection, uint32_t stream, uint8_t type,
			const ProtobufCMessage *message)
{
	ProtobufCBinaryData body;
	int r = pack(message, &body);
	struct nri_message m = { connection, stream, type, body.data, body.len };

	return r < 0 ? r : nri_mux_send(fd, &m);
}

int nri_rpc_call(int fd, uint32_t stream, const char *service, const char *method,
		 const ProtobufCMessage *arguments)
{
	Nri__Call call = NRI__CALL__INIT;
	int r = pack(arguments, &call.payload);

	call.service = (char *)service;
	call.method = (char *)method;
	return r < 0 ? r : send_message(fd, NRI_CALLS_RUNTIME, stream, NRI_REQUEST, &call.base);
}

int nri_rpc_answer(int fd, uint32_t stream, const ProtobufCMessage *result)
{
	Nri__Reply reply = NRI__REPLY__INIT;
	int r = result ? pack(result, &reply.payload) : 0;

	return r < 0 ? r :
		       send_message(fd, NRI_CALLS_PLUGIN, stream, NRI_RESPONSE, &reply.base);
}

int nri_rpc_refuse(int fd, uint32_t stream, int code, const char *message)
{
	Nri__Status status = NRI__STATUS__INIT;
	Nri__Reply reply = NRI__REPLY__INIT;

	status.code = code;
	status.message = (char *)message;
	reply.status = &status;
	return send_message(fd, NRI_CALLS_PLUGIN, stream, NRI_RESPONSE, &reply.base);
}
