/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: maps, of which a tenant chooses the names of files. What is summed up is what a reader of
 * whole lines sums up, wherever a buffer ends.
 */

#include "fuzz.h"
#include "kernel/address_space.h"

/* The end of all addresses; beyond it nobody adds. */
#define ENOUGH ((int64_t)1 << 57)

/* Written once more on purpose, another way. */
static int64_t by_line(const char *line)
{
	char mode[6] = "", begin[18] = "", end[18] = "";
	unsigned long long from, to;
	int n = 0;

	if (sscanf(line, "%17[0-9a-f]-%17[0-9a-f]%n", begin, end, &n) != 2 || line[n] != ' ' ||
	    sscanf(line + n + 1, "%5[rwxp-]", mode) != 1)
		return 0;
	from = strtoull(begin, NULL, 16);
	to = strtoull(end, NULL, 16);
	if (strlen(begin) > 16 || strlen(end) > 16 || strlen(mode) != 4 || mode[3] != 'p' ||
	    to <= from || to > (unsigned long long)ENOUGH)
		return 0;
	return (int64_t)(to - from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char statm[] = "2251799813685247 0 0 0 0 0 0\n";
	char *text = fuzz_text(data, size);
	int64_t sum = 0;

	/* no kernel writes one */
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] ? text[i] : ' ';
	for (const char *line = text; *line; line += line[0] == '\n') {
		size_t len = strcspn(line, "\n");
		char *copy = strndup(line, len);

		require(copy && private_mapping_bytes(copy) == by_line(copy));
		if (sum < ENOUGH)
			sum += by_line(copy);
		free(copy);
		line += len;
	}
	fake_file("/maps", text, size);
	fake_file("/statm", statm, sizeof(statm) - 1);
	fake_pieces(size ? (size_t)data[0] + 1 : 0);
	require(sum == 0 || address_space_is_sparse(1, sum - 1));
	require(!address_space_is_sparse(1, sum));
	fake_forget();
	free(text);
	return 0;
}
