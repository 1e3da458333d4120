/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: a runtime's state of a container. Only a process that it names is the init. */
#include <unistd.h>

#include "fuzz.h"
#include "oci/runtime_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of any process: it started at tick 5 */
	static const char stat[] =
		"1 (sh) S 0 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 5 0 0 0 "
		"0 0 0 0 0 0 0 0 0 0 0 0 17 0";
	const struct argv_facts facts = { .root = "/root", .id = "c1" };
	struct session_init init;
	struct error err = { 0 };
	char number[16];

	fake_file("/root", NULL, 0);
	fake_file("c1", NULL, 0);
	fake_file("state.json", data, size);
	fake_file("/stat", stat, sizeof(stat) - 1);
	if (session_find_init(&facts, NULL, &init, &err) == 0) {
		snprintf(number, sizeof(number), "%d", init.pid);
		require(init.pid > 0 && memmem(data, size, number, strlen(number)));
		close(init.pidfd);
	} else {
		require(init.pidfd == -1 && err.msg[0]);
	}
	fake_forget();
	return 0;
}
