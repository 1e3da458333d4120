/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of rules that can never match, or not what was meant. */
#include "policy/rule_pattern.h"

#include <stddef.h>
#include <string.h>

/* Behind the character that stands at p, which a backslash takes with it; NULL: it takes none. */
static const char *behind(const char *p)
{
	if (*p != '\\')
		return p + 1;
	return p[1] ? p + 2 : NULL;
}

/* Behind the "]" of the "[" at p; NULL: there is none. The first character is never the end. */
static const char *behind_bracket(const char *p)
{
	p++;
	if (*p == '!' || *p == '^')
		p++;
	if (!*p)
		return NULL;
	p = behind(p);
	while (p && *p && *p != ']')
		p = behind(p);
	return p && *p ? p + 1 : NULL;
}

const char *rule_pattern_fault(const char *glob)
{
	for (const char *p = glob; *p;) {
		if (*p == '[') {
			p = behind_bracket(p);
			if (!p)
				return "a glob(7) pattern whose \"[\" has its \"]\"; \"[[]\" "
				       "stands "
				       "for the character";
		} else {
			p = behind(p);
			if (!p)
				return "a glob(7) pattern that ends in no backslash";
		}
	}
	return NULL;
}

static bool is_engine(const char *word)
{
	for (int e = 0; e < ENGINE_COUNT; e++) {
		const char *name = engine_name((enum container_engine)e);

		if (name && strcmp(name, word) == 0)
			return true;
	}
	return false;
}

const char *rule_trusted_fault(enum trusted_key key, const char *glob)
{
	const char *fault = rule_pattern_fault(glob);

	if (fault)
		return fault;
	if (key == TRUSTED_ENGINE && !strpbrk(glob, "*?[\\") && !is_engine(glob))
		return "\"containerd\", \"cri-o\", \"docker\", \"podman\", \"lxc\", or a "
		       "pattern with "
		       "*, ? or [";
	if (key == TRUSTED_USER && (!glob[0] || glob[strspn(glob, "0123456789*?[]!^-\\")]))
		return "a user's number, or a pattern of digits";
	return NULL;
}

const char *rule_annotation_word(const char *annotation)
{
	for (int e = 0; e < ENGINE_COUNT; e++) {
		for (int k = 0; k < TRUSTED_KEYS; k++) {
			const char *source =
				trusted_source((enum container_engine)e, (enum trusted_key)k);

			if (source && strcmp(source, annotation) == 0)
				return trusted_key_name((enum trusted_key)k);
		}
	}
	return NULL;
}
