/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: maps, of which a tenant chooses the names of files. Mappings do not overlap; what lies
 * in one is masked, by its place in it, and what lies in none stays.
 */

#include "fuzz.h"
#include "kernel/own_mappings.h"

static struct own_mappings o;

static const struct own_mapping *search(uint64_t word)
{
	for (size_t i = 0; i < o.n; i++) {
		if (word >= o.m[i].start && word < o.m[i].end)
			return &o.m[i];
	}
	return NULL;
}

static void check_word(uint64_t word)
{
	const struct own_mapping *m = search(word);
	uint64_t expected = !m ? word : m->is_stack ? m->name : m->name + (word - m->base);

	require(own_mappings_mask(&o, word) == expected);
	require(own_mappings_in_page(&o, (const char *)&word, sizeof(word)) == (m && m->moves));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	/* no kernel writes one */
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] ? text[i] : ' ';
	fake_file("/maps", text, size);
	fake_pieces(size ? (size_t)data[0] + 1 : 0);
	own_mappings_read(&o, 1);
	for (size_t i = 0; i < o.n; i++) {
		require(o.m[i].start < o.m[i].end && o.m[i].end <= 1ull << 57 && o.m[i].name);
		require(i == 0 || o.m[i - 1].end <= o.m[i].start);
		/* the first word behind it is often the next one's */
		check_word(o.m[i].start);
		check_word(o.m[i].end - 1);
		check_word(o.m[i].end);
		check_word(o.m[i].start - 1);
	}
	check_word(0);
	check_word(UINT64_MAX);
	fake_forget();
	free(text);
	return 0;
}
