/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in: a bounded walk over untrusted text. */
#ifndef KSM_JSON_READER_H
#define KSM_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Deeper nesting is an error: the walk keeps a step per level and nothing on the stack. */
#define JSON_DEPTH_MAX 64
#define DEPTH_MAX_TEXT "64"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY };

struct json_value {
	enum json_type type;
	bool boolean;
	const char *text; /* of a number as it stands, of a string decoded, NUL-terminated */
	size_t len;
	size_t end;     /* offset behind the value; of an object or array behind its bracket */
	size_t key_end; /* offset behind the key of a member; 0 for what is none */
};

/* Where a value stands: key[0] is a member of the root. NULL stands for an array element. */
struct json_path {
	size_t depth;
	const char *key[JSON_DEPTH_MAX];
	size_t index[JSON_DEPTH_MAX];
};

/* Is the path exactly these keys? "*" stands for an array element; the list ends with NULL. */
bool json_path_is(const struct json_path *path, ...) __attribute__((sentinel));

/* Is the key at this level, of those from 0 up to depth, this one? An element of an array has none. */
bool json_path_has(const struct json_path *path, size_t level, const char *key);

/*
 * Called for every value, containers before what they hold. Strings and keys stay valid
 * until json_release(). A negative return ends the walk.
 */
typedef int (*json_visit)(void *arg, const struct json_path *path, const struct json_value *v,
			  struct error *err);

/*
 * Walk len bytes of text. Makes no system call (but see json_reserve()), so that
 * it works in a confined process. name goes into messages. -EINVAL for bad JSON (name:line:column
 * in front), -E2BIG for too much nesting or too much text, else what visit returned.
 */
int json_walk(const char *name, const char *text, size_t len, bool comments, json_visit visit,
	      void *arg, struct error *err);

/*
 * With comments, and what is nested more deeply than a path goes is read and not visited: for a text
 * of which a later version may know more.
 */
int json_walk_any_depth(const char *name, const char *text, size_t len, json_visit visit,
			void *arg, struct error *err);

/* Called at the end of an object or array; end is the offset behind its bracket. NULL: nothing. */
typedef int (*json_leave)(void *arg, const struct json_path *path, size_t end,
			  struct error *err);

/*
 * The same for a text of up to JSON_SCAN_MAX bytes that is to be edited, so without
 * comments: nothing is kept. A string is valid during the call and has no NUL behind it, a
 * key as long as it is in the path. -EINVAL from the walk itself is for bad JSON only: keys that
 * stand within each other and are longer than JSON_SCAN_KEYS together are -E2BIG, one that holds a
 * NUL -EILSEQ.
 */
#define JSON_SCAN_MAX  (16u << 20)
#define JSON_SCAN_KEYS (256u << 10)
int json_scan(const char *name, const char *text, size_t len, json_visit visit,
	      json_leave leave, void *arg, struct error *err);

/*
 * Map the memory for a walk over len bytes. A walk does it by itself, but a confined process
 * may not: call it before. 0 or -ENOMEM.
 */
int json_reserve(size_t len, struct error *err);

/* Forget all strings of earlier walks. */
void json_release(void);

/* A copy that lives until json_release(); NULL when memory is used up. */
const char *json_keep(const char *text, size_t len);

#endif
