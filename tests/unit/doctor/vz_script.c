/* SPDX-License-Identifier: Apache-2.0 */
/* Action scripts of OpenVZ: which start our helper, and where it is. */
#include "doctor/vz_script.h"

#include "base/macros.h"
#include "check.h"

static void scripts(void)
{
	static const struct {
		const char *text, *helper; /* NULL: not our script */
	} of[] = {
		{ "#!/bin/sh\n/usr/libexec/ksm-openvz mount \"$VEID\"\nexit 0\n",
		  "/usr/libexec/ksm-openvz" },
		{ "/a/ksm-openvz mount 1", "/a/ksm-openvz" },
		/* the first one */
		{ "/a/ksm-openvz mount 1\n/b/ksm-openvz mount 1\n", "/a/ksm-openvz" },
		{ "#!/bin/sh\n# /a/ksm-openvz mount is what it is\n", NULL },
		{ "#!/bin/sh\nksm-openvz mount 1\n", NULL },
		{ "#!/bin/sh\n/usr/libexec/ksm-openvz umount 1\n", NULL },
		{ "#!/bin/sh\n/usr/libexec/ksm-openvz mount\n", NULL },
		{ "#!/bin/sh\nmount --bind /a /b\n", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		const char *helper = "none";
		char text[120];
		bool found;

		check_case = of[i].text;
		snprintf(text, sizeof(text), "%s", of[i].text);
		found = vz_script_helper(text, &helper);
		CHECK_INT(found, of[i].helper != NULL);
		if (of[i].helper)
			CHECK_TEXT(helper, of[i].helper);
	}
}

int main(void)
{
	RUN(scripts);
	return check_end();
}
