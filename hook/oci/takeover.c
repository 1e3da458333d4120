/* SPDX-License-Identifier: Apache-2.0 */
/* A switch of the test build: the parser of a container's text is an attacker's. */
#include "oci/takeover.h"

#ifdef KSM_TEST_FAULTS

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the first one of these, or in front of it. */
static uint32_t offset_of(const char *text, char c, bool behind)
{
	const char *at = strchr(text, c);

	return at ? (uint32_t)(at - text) + behind : 0;
}

static void lie_about_spec(struct spec *s, const char *directory, const char *text)
{
	s->blocker.reason = REASON_NONE;
	s->env = SPEC_ENV_APPEND;
	s->env_at = offset_of(text, '"', false);
	s->add = SPEC_ENV_LIST;
	s->add_at = offset_of(text, '{', true);
	s->mount = SPEC_MOUNT_ADD;
	s->mount_at = offset_of(text, '}', true);
	s->python_seed = s->perl_seed = s->v8_seed = false;
	memset(s->profile, 0, sizeof(s->profile));
	snprintf(s->id, sizeof(s->id), "victim");
	snprintf(s->root, sizeof(s->root), "%s/root", directory);
	snprintf(s->program, sizeof(s->program), "/program");
	snprintf(s->path, sizeof(s->path), "/:%s/root", directory);
}

bool fault_take_over(struct container_decision *out, const char *text)
{
	static const char prefix[] = "takeover:";
	const char *fault = getenv("KSM_FAULT"), *part[5];
	char copy[1024], *save = NULL;
	size_t n = 0;

	if (!fault || strncmp(fault, prefix, strlen(prefix)) != 0)
		return false;
	snprintf(copy, sizeof(copy), "%s", fault + strlen(prefix));
	for (char *p = strtok_r(copy, ",", &save); p && n < 5; p = strtok_r(NULL, ",", &save))
		part[n++] = p;
	if (n < 5)
		abort();
	out->failed = out->syntax = false;
	out->log_given = true;
	out->log = LOG_LEVEL_DEBUG;
	out->decision.merge = true;
	out->decision.required = false;
	out->decision.method = (enum policy_method)atoi(part[0]);
	out->decision.reason = REASON_REQUESTED;
	snprintf(out->decision.text, sizeof(out->decision.text),
		 "\033[2Jforged\nreason=merged");
	snprintf(out->decision.warning, sizeof(out->decision.warning), "\nforged warning\033c");
	snprintf(out->decision.group, sizeof(out->decision.group), "%s",
		 strcmp(part[3], "-") == 0 ? "" : part[3]);
	snprintf(out->id, sizeof(out->id), "victim");
	out->pid = (pid_t)atoi(part[1]);
	out->start = strtoull(part[2], NULL, 10);
	out->running = true;
	snprintf(out->bundle, sizeof(out->bundle), "%s", part[4]);
	metadata_set(&out->metadata, METADATA_POD, "victim", 6);
	metadata_set(&out->metadata, METADATA_NAMESPACE, "victim", 6);
	lie_about_spec(&out->spec, part[4], text);
	return true;
}

#endif
