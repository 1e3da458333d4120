/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the file of a group. Input: the file, 0xff, a name. What is read is written alike. */
#include <fcntl.h>

#include "fuzz.h"
#include "layout/group_file.h"

static void check_name(const char *text)
{
	char name[256], back[256];

	if (group_name_encode(text, name, sizeof(name)) < 0)
		return;
	/* one name in one directory, and none that is hidden */
	require(name[0] && name[0] != '.' && strlen(name) < sizeof(name));
	require(name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.%")] == '\0');
	group_name_decode(name, back, sizeof(back));
	require(strcmp(back, text) == 0);
}

static bool is_same(const struct group_record *a, const struct group_record *b)
{
	if (a->n != b->n || a->group.stack != b->group.stack ||
	    a->group.python != b->group.python || a->group.v8 != b->group.v8 ||
	    strcmp(a->group.perl, b->group.perl) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct group_member *m = &a->member[i], *o = &b->member[i];

		if (strcmp(m->id, o->id) != 0 || m->pid != o->pid || m->start != o->start ||
		    m->pending != o->pending || strcmp(m->place, o->place) != 0)
			return false;
	}
	return true;
}

static void check_round_trip(const struct group_record *r)
{
	struct group_record again = { 0 };

	require(r->n <= GROUP_MEMBERS_MAX);
	/* one without members is removed */
	if (r->n == 0)
		return;
	require(group_file_write(AT_FDCWD, "written", r) == 0);
	fake_file("written", fake_written, fake_written_size);
	require(group_file_read(AT_FDCWD, "written", &again) == 0);
	require(is_same(r, &again));
	group_record_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, file = fuzz_next(&rest);
	char *name = fuzz_text(rest.data, rest.size);
	struct group_record r = { 0 };
	struct group_secrets secrets;

	check_name(name);
	free(name);
	fake_file("group", file.data, file.size);
	if (group_file_read(AT_FDCWD, "group", &r) == 0) {
		/* the reader of the first line alone says the same */
		require(group_file_secrets(AT_FDCWD, "group", &secrets) == 0);
		require(secrets.stack == r.group.stack && secrets.python == r.group.python &&
			secrets.v8 == r.group.v8 && secrets.v8 <= INT32_MAX &&
			strcmp(secrets.perl, r.group.perl) == 0);
		check_round_trip(&r);
	}
	group_record_free(&r);
	fake_forget();
	return 0;
}
