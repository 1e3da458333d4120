/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: OpenVZ's files. Input: the container's, 0xff, the host's, 0xff, VEID. */
#include "fuzz.h"
#include "openvz/openvz.h"

/* What was understood, written as vzctl writes it, is understood alike. */
static void check_round_trip(const struct conf *c)
{
	char text[2 * PATH_MAX + 64], *to = text;
	struct conf again;
	struct error err;

	/* another $VEID would be replaced, a newline ends the line */
	if (strpbrk(c->root, "$\n"))
		return;
	to = stpcpy(to, c->merge ? "KSM_MERGE=yes\n" : "KSM_MERGE=no\n");
	to = stpcpy(to, c->required ? "KSM_REQUIRED=yes\nVE_ROOT=\"" : "VE_ROOT=\"");
	for (const char *p = c->root; *p; p++) {
		if (*p == '\\')
			*to++ = '\\';
		*to++ = *p;
	}
	to = stpcpy(to, "\"\n");
	fake_file("again.conf", text, (size_t)(to - text));
	require(conf_read(&again, "1", "again.conf", "none.conf", &err) == 0);
	require(again.merge == c->merge && again.required == c->required);
	require(strcmp(again.root, c->root) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, ve = fuzz_next(&rest), vz = fuzz_next(&rest);
	char *id = fuzz_text(rest.data, rest.size);
	struct error err = { 0 };
	struct conf c;

	fake_file("ve.conf", ve.data, ve.size);
	fake_file("vz.conf", vz.data, vz.size);
	if (conf_read(&c, id, "ve.conf", "vz.conf", &err) == 0) {
		require(c.root[0] == '/' && strlen(c.root) < sizeof(c.root));
		require(strlen(c.bad) < sizeof(c.bad));
		check_round_trip(&c);
	} else {
		require(err.msg[0]);
	}
	fake_forget();
	free(id);
	return 0;
}
