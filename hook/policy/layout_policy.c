/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container shares its address-space layout, and with whom: pure. */
#include "policy/layout_policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* What a group's name has besides letters and digits: an image's name has all of these. */
#define GROUP_SIGNS "-._/:@+"

static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++) {
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= 'A' && *text <= 'Z') &&
		    !(*text >= '0' && *text <= '9') && !strchr(others, *text))
			return false;
	}
	return true;
}

bool layout_is_group(const char *name)
{
	return strchr(name, ':') != NULL && is_made_of(name, GROUP_SIGNS);
}

static bool matches_glob(const struct policy_globs *globs, const char *group)
{
	for (size_t i = 0; i < globs->n; i++) {
		if (fnmatch(globs->glob[i], group, 0) == 0)
			return true;
	}
	return false;
}

#define UNSHARED(d, code, ...)                                               \
	do {                                                                 \
		(d)->unshared_reason = (code);                               \
		snprintf((d)->unshared, sizeof((d)->unshared), __VA_ARGS__); \
	} while (0)

/*
 * Which group it is in: the kind in front of the value. NULL, with the reason, where nothing tells.
 */
static const char *choose_group(const struct layout_request *request,
				const struct policy_config *c,
				const struct trusted_values *trusted, const char **value,
				struct decision *d)
{
	if ((*value = request->group) != NULL)
		return "group";
	if ((*value = trusted->value[TRUSTED_IMAGE]) != NULL)
		return "image";
	if (!request->layout) {
		if ((*value = request->image_id) != NULL)
			return "image";
		UNSHARED(d, REASON_LAYOUT_IMAGE_UNKNOWN,
			 "its engine does not tell which image it was made of");
		return NULL;
	}
	if ((*value = trusted->value[TRUSTED_POD]) != NULL)
		return "pod";
	if (c->owner) {
		*value = trusted->value[TRUSTED_USER];
		return "uid";
	}
	if ((*value = request->image_id) != NULL)
		return "image";
	UNSHARED(d, REASON_LAYOUT_GROUP_UNKNOWN, "no group can be told: name one with %s%s",
		 request->kind, request->group_key);
	return NULL;
}

/* False, with the reason, where there is no name that can be told or written down. */
static bool name_group(const struct layout_request *request, const struct policy_config *c,
		       const struct trusted_values *trusted, struct decision *d, bool *by_id)
{
	const char *ns = trusted->value[TRUSTED_NAMESPACE], *kind, *value,
		   *name = request->group;
	int len;

	if (!ns && request->orchestrated) {
		UNSHARED(d, REASON_LAYOUT_GROUP_UNKNOWN,
			 "its engine does not say which namespace it belongs to");
		return false;
	}
	kind = choose_group(request, c, trusted, &value, d);
	if (!kind)
		return false;
	/* a slash in a namespace would make two names of different owners equal */
	if ((ns && !is_made_of(ns, "-.")) || (name && (!*name || !is_made_of(name, "-._"))) ||
	    !is_made_of(value, GROUP_SIGNS)) {
		UNSHARED(d, REASON_LAYOUT_GROUP_NAME,
			 "the group's name has letters that it must not have");
		return false;
	}
	*by_id = value == request->image_id;
	len = snprintf(d->group, sizeof(d->group), "%s%s%s:%s", ns ? ns : "", ns ? "/" : "",
		       kind, value);
	if (len < (int)sizeof(d->group))
		return true;
	UNSHARED(d, REASON_LAYOUT_GROUP_NAME, "the group's name has more than %zu letters",
		 sizeof(d->group) - 1);
	return false;
}

/* With whom of those of the image, when the rules have been asked. */
static void add_project(const char *project, struct decision *d)
{
	size_t len = strlen(d->group), more = strlen(project);

	if (!more || !is_made_of(project, "-._")) {
		UNSHARED(d, REASON_LAYOUT_GROUP_NAME,
			 "its project's name has letters that a group's must not have");
		return;
	}
	if (more + 1 + len >= sizeof(d->group)) {
		UNSHARED(d, REASON_LAYOUT_GROUP_NAME,
			 "the group's name has more than %zu letters", sizeof(d->group) - 1);
		return;
	}
	memmove(d->group + more + 1, d->group, len + 1);
	memcpy(d->group, project, more);
	d->group[more] = '/';
}

void layout_decide(const struct layout_request *request, const struct policy_config *c,
		   const struct trusted_values *trusted, struct decision *d)
{
	bool named, by_id = false;

	if (request->layout ? strcmp(request->layout, "private") == 0 : !c->shared_by_image)
		return;
	if (request->layout && strcmp(request->layout, "shared") != 0) {
		annotation_misunderstood(d->warning, sizeof(d->warning), request->kind,
					 request->layout_key, request->layout,
					 "private, shared");
		return;
	}
	if (!d->merge)
		return; /* its pages would be equal for nothing */
	if (!c->shared_layout) {
		UNSHARED(d, REASON_LAYOUT_NOT_ENABLED,
			 "config.json does not say \"shared_layout\": true");
		return;
	}
	named = name_group(request, c, trusted, d, &by_id);
	if (named && matches_glob(&c->deny_groups, d->group))
		UNSHARED(d, REASON_LAYOUT_GROUP_DENIED,
			 "\"deny_groups\" of config.json has the group");
	else if (named && c->allow_groups.n && !matches_glob(&c->allow_groups, d->group))
		UNSHARED(d, REASON_LAYOUT_GROUP_NOT_ALLOWED,
			 "\"allow_groups\" of config.json does not have the group");
	else if (named && by_id && request->project)
		add_project(request->project, d);
	if (d->unshared_reason)
		d->group[0] = '\0';
}

void layout_decide_v8(const char *kind, const char *key, const char *value,
		      const struct policy_config *c, struct decision *d)
{
	size_t len = strlen(d->warning);

	if (strcmp(value, "private") == 0)
		return;
	if (strcmp(value, "shared") != 0)
		annotation_misunderstood(d->warning, sizeof(d->warning), kind, key, value,
					 "private, shared");
	else if (d->merge && !c->shared_v8)
		snprintf(d->warning + len, sizeof(d->warning) - len,
			 "%s%s%s=shared: config.json does not say \"shared_v8\": true; "
			 "ignored",
			 len ? "; " : "", kind, key);
	else
		d->v8 = d->merge;
}

/* Is there a member of that name? The same word may be a value (a system call's name). */
static bool has_member(const char *text, size_t len, const char *quoted)
{
	const char *p = text, *end = text + len;

	while ((p = memmem(p, (size_t)(end - p), quoted, strlen(quoted))) != NULL) {
		p += strlen(quoted);
		while (p < end && strchr(" \t\r\n", *p) && *p)
			p++;
		if (p < end && *p == ':')
			return true;
	}
	return false;
}

static bool holds(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

enum reason layout_blocker(const char *text, size_t len)
{
	/* which the runtime sets behind the hook, and the layout would be the one all know */
	if (holds(text, len, "\"RLIMIT_STACK\""))
		return REASON_LAYOUT_LIMIT_STACK;
	/* each thread of glibc takes as much address space as the stack may grow to */
	if (holds(text, len, "\"RLIMIT_AS\""))
		return REASON_LAYOUT_LIMIT_AS;
	if (has_member(text, len, "\"personality\""))
		return REASON_LAYOUT_PERSONALITY;
	return REASON_NONE;
}

const char *layout_blocker_text(enum reason blocker)
{
	switch (blocker) {
	case REASON_LAYOUT_LIMIT_STACK:
		return "it has a stack limit of its own";
	case REASON_LAYOUT_LIMIT_AS:
		return "it has a limit on its address space";
	case REASON_LAYOUT_PERSONALITY:
		return "it has a personality(2) of its own";
	default:
		return "";
	}
}

void layout_reconsider(struct decision *d, const char *text, size_t len)
{
	enum reason blocker = d->group[0] ? layout_blocker(text, len) : REASON_NONE;

	if (blocker == REASON_NONE)
		return;
	UNSHARED(d, blocker, "%s", layout_blocker_text(blocker));
	d->group[0] = '\0';
}
