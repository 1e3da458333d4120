/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says, what its engine says of it, and which of that can be believed. */
#ifndef KSM_ANNOTATIONS_H
#define KSM_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/engine.h"

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
	const char *v8;      /* "shared" or "private"; NULL: has no say in it */
	const char *economy; /* "on" or "off" */
	const char *yes, *no;
	bool of_pods; /* KEY/container.NAME and KEY/pod come before KEY */
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

/* What a rule can ask for in the user's words. */
enum trusted_key {
	TRUSTED_NAMESPACE,
	TRUSTED_POD,
	TRUSTED_CONTAINER,
	TRUSTED_IMAGE,
	TRUSTED_ENGINE,
	TRUSTED_USER,
	TRUSTED_NAME,
	TRUSTED_KEYS
};

/* "namespace", "pod", … as config.json spells them. */
const char *trusted_key_name(enum trusted_key key);

/* Of whom is decided: all that is known, whoever said it. */
struct policy_subject {
	const struct policy_keys *keys; /* NULL: policy_annotations */
	enum container_engine engine;
	const char *name; /* what the engine calls it, where no annotation says so; or NULL */
	const char
		*image_id;   /* of its engine's own files, for the group of a layout; or NULL */
	const char *project; /* the same: whose it is of those of one image */
	const struct annotation *annotation;
	size_t n;
	bool unread; /* it has annotations, maybe, that nobody has found */
	/* what the engine says by other means than annotations, by enum trusted_key; or NULL */
	const char *const *told;
};

/*
 * What can be believed: what the engine wrote, and no annotation of a pod, an image or a container
 * could have. It may repeat what a tenant chose: a pod's, container's and image's name. NULL where
 * that says nothing. An empty value is none.
 */
struct trusted_values {
	const char *value[TRUSTED_KEYS];
	char user[12]; /* decimal */
};

/* Pure. owner is the user whose containers these are, 0 for root. Points into subject and out. */
void trusted_values_find(const struct policy_subject *subject, unsigned owner,
			 struct trusted_values *out);

/* The annotation that an engine says it by, and nobody else can; NULL where there is none. */
const char *trusted_source(enum container_engine engine, enum trusted_key key);

/* Does this engine say it, by an annotation or otherwise? Nobody but it can, then. */
bool trusted_is_told(enum container_engine engine, enum trusted_key key);

/* Is this an annotation that some engine names a container by? */
bool annotation_is_engines(const char *key);

/* Is there one of those that only an orchestrator's containers have? */
bool annotation_has_orchestrator(const struct annotation *a, size_t n);

#endif
