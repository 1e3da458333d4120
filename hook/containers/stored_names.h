/* SPDX-License-Identifier: Apache-2.0 */
/* Names of many containers, from the JSON file that their engine keeps of each. */
#ifndef KSM_STORED_NAMES_H
#define KSM_STORED_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_reader.h"
#include "containers/metadata.h"

/*
 * A container to be named: its full id, and what is filled in where it is found. Where the files
 * do not answer (base/far_files.h), unread becomes the place that does not; else NULL.
 */
struct stored_container {
	const char *id;
	struct metadata *metadata;
	const char *unread;
};

/* Where a value stands in the text: in front of its closing quote. Zeros: nowhere. */
struct stored_place {
	uint32_t end, len;
};

/* Of a file: the values that the source numbers so. */
#define STORED_PLACES_MAX 5
struct stored_places {
	struct stored_place at[STORED_PLACES_MAX];
};

/* Note the place of a string, in the sandbox. */
void stored_note(struct stored_places *found, size_t number, const struct json_value *v);

/* A file's text, as the parser's answer has to fit it. */
struct stored_text {
	const char *text;
	size_t len;
	struct stored_places found;
};

/*
 * The value itself, of *len bytes and no NUL behind it: a string that has no escapes. NULL where
 * there is none.
 */
const char *stored_value(const struct stored_text *t, size_t number, size_t *len);

/* Where an engine keeps its files, and what they mean. */
struct stored_source {
	/* absolute, a directory of the engine's */
	const char *root;
	/* a directory in it that has files as root itself does */
	bool (*is_dir)(const char *name);
	/* an id that its containers may have */
	bool (*is_id)(const char *id);
	/*
	 * The path of the container's file below that directory, which is called dir, "" for root.
	 * False: there can be none. *visitor says which of those below understands it.
	 */
	bool (*path)(char *out, size_t size, const char *dir, const char *id,
		     unsigned *visitor);
	/* in the sandbox: note places in arg, a struct stored_places */
	json_visit visit[2];
	void (*take)(struct metadata *m, const struct stored_text *t, unsigned visitor);
};

/*
 * Fill in what the files of a source say. They hold texts of images and of tenants, so they are
 * parsed in a sandbox, many in one. What cannot be read, is longer than 256 KiB, is not root's (or our own
 * user's) alone or is malformed is left out.
 */
void stored_names_fill(const struct stored_source *source, struct stored_container *c,
		       size_t n);

#endif
