/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of text, bytes made harmless for a terminal, sizes for a reader. */
#ifndef KSM_TEXT_H
#define KSM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal integer that fills len bytes of text and lies in min…max; 0, -EINVAL, -ERANGE. */
int parse_int(const char *text, size_t len, int64_t min, int64_t max, int64_t *out);

/* "512M" or "4G": bytes, or with one of K, M, G, T behind it; 0 to max. 0, -EINVAL, -ERANGE. */
int parse_size(const char *text, size_t len, int64_t max, int64_t *out);

/*
 * Copy text into out (size bytes with the NUL) with control characters, backslashes and
 * everything that is not ASCII written as \xNN: ids, annotations and cgroup names may come
 * from a tenant and end up on a terminal. What does not fit is cut.
 */
void printable(char *out, size_t size, const char *text, size_t len);

/* A blank as well, in a text that ends with a NUL: what follows it would look like a field of ours. */
void printable_word(char *out, size_t size, const char *text);

/* A character in UTF-8 takes at most so many bytes. */
#define UTF8_MAX 4

/*
 * The character at text (RFC 3629: none that is overlong, a surrogate or above U+10FFFF), and
 * its length; 0 at a byte that begins none, and for one of the characters of utf8_stand_in().
 */
size_t utf8_decode(const char *text, uint32_t *character);

/* Does it do something to a terminal, or to the order of what is shown on it? */
bool utf8_is_control(uint32_t character);

/*
 * What a writer of UTF-8 without escapes of its own puts in place of a byte that it cannot
 * write: the private-use character U+10FE00 plus the byte. Text that has such a character
 * itself gets one for each of its bytes, so what is written can always be read back.
 */
void utf8_stand_in(char out[UTF8_MAX + 1], unsigned char byte);

/* "12.3 MiB" in out, which is returned. */
const char *format_bytes(char *out, size_t size, int64_t bytes);

/* FNV-1a (RFC 9923): to tell texts apart that nobody has chosen to be alike. */
uint64_t text_hash(const char *text);

#endif
