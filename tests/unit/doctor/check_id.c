/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/check_id.c: every check has an id of its own, in kebab case. */
#include "doctor/check_id.h"

#include "check.h"

static bool is_kebab_case(const char *id)
{
	size_t len = strlen(id);

	return len && strspn(id, "abcdefghijklmnopqrstuvwxyz-") == len && id[0] != '-' &&
	       id[len - 1] != '-' && !strstr(id, "--");
}

static void names(void)
{
	for (int i = 0; i < CHECK_IDS; i++) {
		const char *id = check_id_name(i);

		check_case = id ? id : "(null)";
		if (!CHECK(id && is_kebab_case(id)))
			continue;
		for (int k = 0; k < i; k++)
			CHECK(strcmp(id, check_id_name(k)) != 0);
	}
}

static void names_stay(void)
{
	/* scripts know them by these */
	CHECK_TEXT(check_id_name(ID_KERNEL_KSM), "kernel-ksm");
	CHECK_TEXT(check_id_name(ID_HOOK_REGISTERED), "hook-registered");
	CHECK_TEXT(check_id_name(ID_CONTAINER_ASKED), "container-asked");
	CHECK_TEXT(check_id_name(ID_CONTAINER_HUGE_PAGES), "container-huge-pages");
	CHECK_TEXT(check_id_name(ID_CONTAINER_TAGS), "container-tags");
}

int main(void)
{
	RUN(names);
	RUN(names_stay);
	return check_end();
}
