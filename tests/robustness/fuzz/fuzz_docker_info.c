/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: dockerd's answer to GET /info, and its command line, the same bytes. What is
 * taken over is a text of them, and whole.
 */
#include "base/json_reader.h"
#include "doctor/docker_info.h"
#include "fuzz.h"

static void require_within(const char *text, size_t size, const char *value)
{
	require(memmem(text, size, value, strlen(value)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	static struct docker_loaded loaded;
	static struct docker_args args;
	struct error err;
	int r = docker_info_parse(text, size, &loaded, &err);

	require(docker_loaded_valid(&loaded));
	require(r != 0 || memmem(text, size, "\r\n\r\n", 4));
	/* each once, or the first of two would count in one place and the second in another */
	for (size_t i = 0; r == 0 && i < loaded.n; i++)
		require(docker_loaded_find(&loaded, loaded.runtime[i].name) == i);
	json_release();
	docker_args_parse(text, size, &args);
	require_within(text, size, args.config);
	require_within(text, size, args.socket);
	require(!args.socket[0] || (args.socket[0] == '/' && !args.elsewhere));
	free(text);
	return 0;
}
