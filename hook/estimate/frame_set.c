/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the machine that were met: a bit each, in leaves that are made when needed. */
#include "estimate/frame_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Frames per leaf: 4 KiB of bits. */
#define LEAF 32768

int frame_set_add(struct frame_set *s, uint64_t frame)
{
	size_t at = (size_t)(frame / LEAF);
	uint64_t bit = 1ull << (frame % 64), *word;

	if (at >= s->n) {
		uint64_t **more = realloc(s->leaf, (at + 1) * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->leaf = more;
		memset(more + s->n, 0, (at + 1 - s->n) * sizeof(*more));
		s->n = at + 1;
	}
	if (!s->leaf[at])
		s->leaf[at] = calloc(LEAF / 64, sizeof(uint64_t));
	if (!s->leaf[at])
		return -ENOMEM;
	word = &s->leaf[at][frame % LEAF / 64];
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

void frame_set_free(struct frame_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->leaf[i]);
	free(s->leaf);
	*s = (struct frame_set){ 0 };
}
