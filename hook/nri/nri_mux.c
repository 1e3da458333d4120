/* SPDX-License-Identifier: Apache-2.0 */
/* NRI's wire: ttrpc messages, cut into the frames of a multiplexer. */
#include "nri/nri_mux.h"

#include <stdbool.h>
#include <string.h>

#include "base/io.h"
#include "base/macros.h"

/* The reader of ttrpc buffers so much (channel.go), and refuses a frame that does not fit. */
#define FRAME_MAX 4096

static uint32_t get_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

/* Append to what is there of a header; how many bytes were taken. */
static size_t fill_header(unsigned char *header, size_t *len, size_t size,
			  const unsigned char *data, size_t n)
{
	size_t take = size - *len < n ? size - *len : n;

	memcpy(header + *len, data, take);
	*len += take;
	return take;
}

static int too_long(const char *what, uint32_t len, struct error *err)
{
	return err_reason(err, REASON_NRI_PROTOCOL,
			  err_set(err, EMSGSIZE,
				  "NRI: the runtime announces a %s of %u bytes, and %u are the "
				  "most that there can be",
				  what, len, NRI_MESSAGE_MAX));
}

static int put_frame_header(struct nri_mux *m, const unsigned char *data, size_t n,
			    size_t *taken, struct error *err)
{
	uint32_t len;

	*taken += fill_header(m->header, &m->header_len, sizeof(m->header), data, n);
	if (m->header_len < sizeof(m->header))
		return 0;
	m->header_len = 0;
	m->connection = get_be32(m->header);
	len = get_be32(m->header + 4);
	if (len > NRI_MESSAGE_MAX + NRI_HEADER)
		return too_long("frame", len, err);
	m->left = len;
	return 0;
}

static bool is_complete(const struct nri_stream *s)
{
	return s->header_len == NRI_HEADER && s->got == s->len;
}

/* A piece of a stream: up to the end of its message. */
static int put_stream(struct nri_stream *s, const unsigned char *data, size_t n, size_t *taken,
		      struct error *err)
{
	size_t used = 0;

	if (s->header_len < NRI_HEADER) {
		uint32_t len;

		used = fill_header(s->header, &s->header_len, NRI_HEADER, data, n);
		*taken = used;
		if (s->header_len < NRI_HEADER)
			return 0;
		len = get_be32(s->header);
		if (len > NRI_MESSAGE_MAX)
			return too_long("message", len, err);
		s->len = len;
		s->got = 0;
	}
	if (n - used > s->len - s->got)
		n = used + s->len - s->got;
	memcpy(s->body + s->got, data + used, n - used);
	s->got += n - used;
	*taken = n;
	return 0;
}

static void take_message(struct nri_stream *s, uint32_t connection, struct nri_message *out)
{
	*out = (struct nri_message){ .connection = connection,
				     .stream = get_be32(s->header + 4),
				     .type = s->header[8],
				     .body = s->body,
				     .len = s->len };
	s->header_len = 0;
}

int nri_mux_put(struct nri_mux *m, const unsigned char *data, size_t n, size_t *taken,
		struct nri_message *out, struct error *err)
{
	*taken = 0;
	while (*taken < n) {
		size_t piece = m->left < n - *taken ? m->left : n - *taken;
		struct nri_stream *s;
		int r;

		if (m->left == 0) {
			r = put_frame_header(m, data + *taken, n - *taken, taken, err);
			if (r < 0)
				return r;
			continue;
		}
		/* a connection that we did not open is nobody's */
		s = m->connection - 1 < ARRAY_SIZE(m->in) ? &m->in[m->connection - 1] : NULL;
		if (s) {
			r = put_stream(s, data + *taken, piece, &piece, err);
			if (r < 0)
				return r;
		}
		*taken += piece;
		m->left -= piece;
		if (s && is_complete(s)) {
			take_message(s, m->connection, out);
			return 1;
		}
	}
	return 0;
}

/* The stream's next bytes: of the header, then of the body. */
static size_t copy_piece(unsigned char *to, size_t size, const unsigned char *header,
			 const struct nri_message *message, size_t at)
{
	size_t n = 0;

	for (; at + n < NRI_HEADER && n < size; n++)
		to[n] = header[at + n];
	if (n < size && at + n - NRI_HEADER < message->len) {
		size_t body = at + n - NRI_HEADER, rest = message->len - body;
		size_t take = rest < size - n ? rest : size - n;

		memcpy(to + n, message->body + body, take);
		n += take;
	}
	return n;
}

int nri_mux_send(int fd, const struct nri_message *message)
{
	unsigned char header[NRI_HEADER] = { 0 }, frame[8 + FRAME_MAX];

	put_be32(header, (uint32_t)message->len);
	put_be32(header + 4, message->stream);
	header[8] = message->type;
	for (size_t at = 0; at < NRI_HEADER + message->len;) {
		size_t n = copy_piece(frame + 8, FRAME_MAX, header, message, at);
		int r;

		put_be32(frame, message->connection);
		put_be32(frame + 4, (uint32_t)n);
		r = write_all(fd, frame, 8 + n);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}
