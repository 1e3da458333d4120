/* SPDX-License-Identifier: Apache-2.0 */
/* What the libFuzzer targets share: a claim, copies without a byte to spare, files in memory. */
#ifndef KSM_FUZZ_H
#define KSM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold, else the input is a reproducer. */
#define require(claim)                                                              \
	do {                                                                        \
		if (!(claim)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                    \
		}                                                                   \
	} while (0)

/* A copy of exactly that size and a NUL, so that a byte too far is seen; to be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* A part of the input: up to a byte 0xff, which no text of these has, or to the end. */
struct fuzz_part {
	const uint8_t *data;
	size_t size;
};

static inline struct fuzz_part fuzz_next(struct fuzz_part *rest)
{
	const uint8_t *end = rest->size ? memchr(rest->data, 0xff, rest->size) : NULL;
	struct fuzz_part part = { rest->data, end ? (size_t)(end - rest->data) : rest->size };

	rest->data += part.size + (end != NULL);
	rest->size -= part.size + (end != NULL);
	return part;
}

/*
 * fake.c: a file that is opened by a path ending in name has these bytes, from now on until
 * fake_forget(). They stay the caller's. Any other path is not there, or is the file that it is
 * where the fuzzer itself opens it: fake files are seen by what is linked with --wrap only.
 */
void fake_file(const char *name, const void *data, size_t size);
void fake_forget(void);

/* What a read returns at most, as /proc returns pieces; 0: all that is asked for. */
void fake_pieces(size_t size);

/* What replace_file() was last given, which is written nowhere; to be freed by fake_forget(). */
extern char *fake_written;
extern size_t fake_written_size;

#endif
