/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor finds in a hook's file. */
#ifndef KSM_JUDGED_HOOK_H
#define KSM_JUDGED_HOOK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "doctor/hook_file.h"

#define PATH "/etc/containers/oci/hooks.d/50-ksm-hook.json"

static struct finding findings[8];

/* "ID:LEVEL …" of what is found in the file; "JSON" where it is none. */
static inline const char *judge_text(const char *text, struct hook_file *h, bool *works)
{
	struct doctor d = { .finding = findings, .self = "/usr/sbin/ksm-hook" };
	static char out[256];
	struct error err;
	size_t len = 0;

	out[0] = '\0';
	*works = false;
	if (hook_file_parse(h, PATH, text, strlen(text), &err) < 0)
		return "JSON";
	*works = hook_file_judge(&d, PATH, h);
	for (size_t i = 0; i < d.n; i++)
		CHECK(d.finding[i].level == FINDING_NOTE || d.finding[i].fix[0] ||
		      d.finding[i].advice[0]);
	for (size_t i = 0; i < d.n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s:%s", i ? " " : "",
					check_id_name(d.finding[i].id),
					finding_level_name(d.finding[i].level));
	return out;
}

/* The same of a file whose hook has more than a path and arguments, and that has more keys. */
static inline const char *judge_hook(const char *hook, const char *keys, struct hook_file *h,
				     bool *works)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/usr/sbin/ksm-hook\","
		 "\"args\":[\"ksm-hook\",\"createRuntime\"]%s},%s}",
		 hook, keys);
	return judge_text(text, h, works);
}

#endif
