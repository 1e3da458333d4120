/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what OpenVZ's action script starts. */
#include "doctor/vz_script.h"

#include <string.h>

bool vz_script_helper(char *text, const char **out)
{
	char *end = strstr(text, "/ksm-openvz mount "), *p;

	if (!end)
		return false;
	end += strlen("/ksm-openvz");
	*end = '\0';
	p = strrchr(text, '\n');
	*out = p ? p + 1 : text;
	return (*out)[0] == '/';
}
