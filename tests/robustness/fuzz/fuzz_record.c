/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what is stored of a container, which is clean however the file looks. */

#include "containers/metadata.h"
#include "fuzz.h"

static void check_clean(const struct metadata *m)
{
	struct metadata cleaned = *m;
	char label[METADATA_LABEL_MAX];

	metadata_clean(&cleaned);
	/* the one thing that is ours alone to say, as the file is */
	cleaned.no_economy = m->no_economy;
	require(memcmp(&cleaned, m, sizeof(*m)) == 0);
	metadata_label(m, label, sizeof(label));
	require(strlen(label) < sizeof(label) - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of process 1: one that started at tick 5 */
	static const char stat[] =
		"1 (sh) S 0 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 5 0 0 0 "
		"0 0 0 0 0 0 0 0 0 0 0 0 17 0";
	struct metadata m, again;
	char text[1024];

	fake_file("/stat", stat, sizeof(stat) - 1);
	fake_file("c1", data, size);
	if (metadata_read(-1, "c1", &m)) {
		check_clean(&m);
		snprintf(text, sizeof(text),
			 "init 0 0\npod %s\nnamespace %s\ncontainer %s\nimage %s\n", m.pod,
			 m.pod_namespace, m.container, m.image);
		fake_file("c2", text, strlen(text));
		require(metadata_read(-1, "c2", &again));
		require(strcmp(m.pod, again.pod) == 0 &&
			strcmp(m.pod_namespace, again.pod_namespace) == 0 &&
			strcmp(m.container, again.container) == 0 &&
			strcmp(m.image, again.image) == 0);
	}
	fake_forget();
	return 0;
}
