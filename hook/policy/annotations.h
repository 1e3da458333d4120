/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says, and what its engine says of it: the keys, and how values are found. */
#ifndef KSM_ANNOTATIONS_H
#define KSM_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#define ANNOTATION_PREFIX "io.ksm."

struct annotation {
	const char *key, *value;
};

/* The keys by which a container says what it wants. */
struct policy_keys {
	const char *kind; /* in messages, in front of a key */
	const char *merge, *required;
	const char *method; /* NULL: has no say in it */
	const char *layout, *group;
	const char *yes, *no;
};

extern const struct policy_keys policy_annotations; /* io.ksm.merge=true|false, … */
extern const struct policy_keys policy_environment; /* KSM_MERGE=yes|no, … */

/* The value of the last annotation of that name, or NULL. */
const char *annotation_value(const struct annotation *a, size_t n, const char *key);

/*
 * Append to text, a string in a buffer of size bytes, that a value is none of those expected.
 * kind is put in front of the key.
 */
void annotation_misunderstood(char *text, size_t size, const char *kind, const char *key,
			      const char *value, const char *expected);

/*
 * What the engine says the container belongs to. The first of its keys that is there and not
 * empty, or NULL.
 */
const char *annotation_namespace(const struct annotation *a, size_t n);
const char *annotation_image(const struct annotation *a, size_t n);
const char *annotation_pod(const struct annotation *a, size_t n);

/* Is this a key of those three? */
bool annotation_is_engines(const char *key);

#endif
