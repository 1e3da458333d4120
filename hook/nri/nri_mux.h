/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NRI's wire: ttrpc messages, cut into the frames of a multiplexer. Pure, and bounded whatever the
 * other side sends.
 */
#ifndef KSM_NRI_MUX_H
#define KSM_NRI_MUX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The connections in the one socket (pkg/net/multiplex of containerd/nri). */
#define NRI_CALLS_PLUGIN  1 /* the runtime calls us */
#define NRI_CALLS_RUNTIME 2 /* we call the runtime */

/* ttrpc's own limit (channel.go, messageLengthMax), and its header in front of a message. */
#define NRI_MESSAGE_MAX (4u << 20)
#define NRI_HEADER      10

/* Types of messages; others than these are for streams, which NRI does not have. */
#define NRI_REQUEST  1
#define NRI_RESPONSE 2

struct nri_message {
	uint32_t connection;
	uint32_t stream; /* which call it is, or answers */
	uint8_t type;
	const unsigned char *body; /* valid until the next nri_mux_put() */
	size_t len;
};

/* What has come of a connection's next message. */
struct nri_stream {
	unsigned char header[NRI_HEADER];
	size_t header_len;
	unsigned char *body; /* NRI_MESSAGE_MAX bytes, the caller's */
	size_t len, got;
};

/* Zero at first, but for the bodies. */
struct nri_mux {
	unsigned char header[8]; /* of the frame: connection and length, big-endian */
	size_t header_len;
	uint32_t connection;
	size_t left; /* of the frame's payload */
	struct nri_stream in[2];
};

/*
 * Take bytes in until a message is complete, or until there are no more; *taken says how many.
 * 1: *out is a message; 0: more is needed; -EMSGSIZE with err: a length that nobody sends.
 */
int nri_mux_put(struct nri_mux *m, const unsigned char *data, size_t n, size_t *taken,
		struct nri_message *out, struct error *err);

/* Write a message in frames as short as every runtime's reader takes them. 0 or -errno. */
int nri_mux_send(int fd, const struct nri_message *message);

#endif
