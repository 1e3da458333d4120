/* SPDX-License-Identifier: Apache-2.0 */
/* NRI's frames: however they are cut, and whatever lengths they announce. */
#include "nri/nri_mux.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

static unsigned char bodies[2][NRI_MESSAGE_MAX];
static struct nri_mux mux;
static struct error err;

static void begin(void)
{
	memset(&mux, 0, sizeof(mux));
	mux.in[0].body = bodies[0];
	mux.in[1].body = bodies[1];
	err = (struct error){ "" };
}

static size_t be32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
	return 4;
}

static size_t frame(unsigned char *p, uint32_t connection, const void *payload, uint32_t len)
{
	be32(p, connection);
	be32(p + 4, len);
	memcpy(p + 8, payload, len);
	return 8 + len;
}

static size_t message(unsigned char *p, uint32_t stream, uint8_t type, const void *body,
		      uint32_t len)
{
	be32(p, len);
	be32(p + 4, stream);
	p[8] = type;
	p[9] = 0;
	memcpy(p + 10, body, len);
	return 10 + len;
}

/* Put in, in pieces of that size: the messages that come out, by connection, stream and text. */
static char seen[256];
static int put(const unsigned char *data, size_t n, size_t piece)
{
	struct nri_message m;
	int r = 0;

	seen[0] = '\0';
	while (n > 0) {
		size_t give = n < piece ? n : piece, taken;

		r = nri_mux_put(&mux, data, give, &taken, &m, &err);
		if (r < 0)
			return r;
		CHECK(taken <= give && (taken == give || r == 1));
		if (r == 1)
			snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
				 "[%u %u %u %.*s]", m.connection, m.stream, m.type, (int)m.len,
				 (const char *)m.body);
		data += taken;
		n -= taken;
	}
	return r;
}

/* A message over several frames, two messages in one, one in the midst of another's. */
static void however_cut(void)
{
	unsigned char one[64], two[64], three[64], empty[64], bytes[512];
	size_t a = message(one, 1, NRI_REQUEST, "first", 5);
	size_t b = message(two, 3, NRI_REQUEST, "second", 6);
	size_t c = message(three, 1, NRI_RESPONSE, "other", 5);
	size_t d = message(empty, 5, NRI_REQUEST, "", 0), n = 0;

	memcpy(one + a, two, b);
	n += frame(bytes + n, 1, one, 3);
	n += frame(bytes + n, 1, "", 0);
	n += frame(bytes + n, 2, three, (uint32_t)c - 2);
	n += frame(bytes + n, 7, "nobody's", 8);
	n += frame(bytes + n, 0, "nobody's", 8);
	n += frame(bytes + n, ARRAY_SIZE(mux.in) + 1, "nobody's", 8);
	n += frame(bytes + n, 0xffffffff, "nobody's", 8);
	n += frame(bytes + n, 1, one + 3, (uint32_t)(a + b - 3 - 4));
	n += frame(bytes + n, 2, three + c - 2, 2);
	n += frame(bytes + n, 1, two + b - 4, 4);
	n += frame(bytes + n, 1, empty, (uint32_t)d);
	for (size_t piece = 1; piece <= n; piece++) {
		begin();
		CHECK(put(bytes, n, piece) >= 0);
		CHECK_TEXT(seen, "[1 1 1 first][2 1 2 other][1 3 1 second][1 5 1 ]");
	}
}

static void lengths(void)
{
	static const struct {
		uint32_t frame, message;
		int ret;
	} cases[] = {
		{ NRI_HEADER, 0, 1 },
		{ NRI_HEADER, NRI_MESSAGE_MAX, 0 },
		{ NRI_HEADER, NRI_MESSAGE_MAX + 1, -EMSGSIZE },
		{ NRI_HEADER, 0x7fffffff, -EMSGSIZE },
		{ NRI_HEADER, 0xffffffff, -EMSGSIZE },
		{ NRI_HEADER, 0xfffffff6, -EMSGSIZE }, /* with the header it would be 0 */
		{ NRI_MESSAGE_MAX + NRI_HEADER, NRI_MESSAGE_MAX, 0 },
		{ NRI_MESSAGE_MAX + NRI_HEADER + 1, 1, -EMSGSIZE },
		{ 0x80000000, 1, -EMSGSIZE },
		{ 0xffffffff, 1, -EMSGSIZE },
	};
	unsigned char bytes[8 + NRI_HEADER] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		be32(bytes, 1);
		be32(bytes + 4, cases[i].frame);
		be32(bytes + 8, cases[i].message);
		CHECK_INT(put(bytes, sizeof(bytes), 100), cases[i].ret);
		CHECK_INT(err.reason, cases[i].ret < 0 ? REASON_NRI_PROTOCOL : REASON_NONE);
		if (cases[i].ret < 0)
			CHECK_HAS(err.msg,
				  cases[i].frame == NRI_HEADER ? " message of" : " frame of");
	}
}

/* The longest that there is arrives whole, and one byte more than its frame has is the next's. */
static void longest(void)
{
	size_t n = 8 + NRI_HEADER + NRI_MESSAGE_MAX, taken = 0, used = 0;
	unsigned char *bytes = calloc(1, n);
	struct nri_message m = { 0 };
	int r = 0;

	be32(bytes, 1);
	be32(bytes + 4, NRI_HEADER + NRI_MESSAGE_MAX);
	be32(bytes + 8, NRI_MESSAGE_MAX);
	bytes[n - 1] = 'z';
	begin();
	while (used < n && r == 0) {
		r = nri_mux_put(&mux, bytes + used, n - used > 65536 ? 65536 : n - used, &taken,
				&m, &err);
		used += taken;
	}
	CHECK_INT(r, 1);
	CHECK_INT(used, n);
	CHECK_INT(m.len, NRI_MESSAGE_MAX);
	CHECK_INT(m.body[NRI_MESSAGE_MAX - 1], 'z');
	free(bytes);
}

/* What is sent is read again, and no frame is longer than a runtime's reader takes. */
static void sent(void)
{
	static const size_t sizes[] = { 0, 1, 4085, 4086, 4087, 20000 };
	static unsigned char body[20000], bytes[32768];

	memset(body, 'b', sizeof(body));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct nri_message m = { 2, 9, NRI_REQUEST, body, sizes[i] }, out = { 0 };
		size_t taken = 0;
		ssize_t n;
		int fds[2];

		CHECK_INT(pipe(fds), 0);
		CHECK_INT(nri_mux_send(fds[1], &m), 0);
		n = read(fds[0], bytes, sizeof(bytes));
		for (ssize_t at = 0; at < n;) {
			uint32_t len = (uint32_t)(bytes[at + 6] << 8 | bytes[at + 7]);

			CHECK(bytes[at + 4] == 0 && bytes[at + 5] == 0 && len <= 4096);
			at += 8 + (ssize_t)len;
		}
		begin();
		CHECK_INT(nri_mux_put(&mux, bytes, (size_t)n, &taken, &out, &err), 1);
		CHECK_INT(taken, n);
		CHECK_INT(out.len, sizes[i]);
		CHECK_INT(out.stream, 9);
		CHECK_INT(out.type, NRI_REQUEST);
		CHECK(memcmp(out.body, body, out.len) == 0);
		close(fds[0]);
		close(fds[1]);
	}
}

/* Byte by byte, as github.com/containerd/nri and ttrpc document them; a short one in one frame. */
static void bytes_of_a_short_one(void)
{
	static const unsigned char want[] = { 1, 2, 3, 4, 0, 0, 0,           12, 0,   0,
					      0, 2, 5, 6, 7, 8, NRI_REQUEST, 0,  'h', 'i' };
	unsigned char got[64];
	struct nri_message m = { 0x01020304, 0x05060708, NRI_REQUEST, (unsigned char *)"hi",
				 2 };
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(nri_mux_send(fds[1], &m), 0);
	CHECK_INT(read(fds[0], got, sizeof(got)), sizeof(want));
	CHECK(memcmp(got, want, sizeof(want)) == 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(nri_mux_send(fds[1], &m), -EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
}

int main(void)
{
	RUN(bytes_of_a_short_one);
	RUN(however_cut);
	RUN(lengths);
	RUN(longest);
	RUN(sent);
	return check_end();
}
