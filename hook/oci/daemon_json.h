/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the wrapper's runtime in Docker's daemon.json, put in and taken out; every other byte stays. */
#ifndef KSM_DAEMON_JSON_H
#define KSM_DAEMON_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The runtime's name, as in `docker run --runtime ksm-runc`. */
#define DAEMON_RUNTIME "ksm-runc"

/* A text with its length; it may hold more than one says. */
struct daemon_text {
	char *text; /* has room for DAEMON_JSON_ROOM bytes more than len */
	size_t len;
};

/* What an edit may add: a member, and the white space in front of the one that was first. */
#define DAEMON_JSON_ROOM 8192

/* Can the wrapper be registered by that path? 0, or -EINVAL. */
int daemon_json_path_check(const char *path, struct error *err);

/*
 * Put the runtime, whose program is path, into the text of file. 1 where it is there already, 0
 * done; -EINVAL for what is not one JSON object, -EEXIST for a runtime of that name and another
 * path, -EFBIG for more white space than there is room for; the text is then as it was.
 */
int daemon_json_add(const char *file, struct daemon_text *t, const char *path,
		    struct error *err);

/*
 * Take it out again, and "runtimes" with it where nothing is left and keep_empty is not set. 1 where
 * it is not there; -EEXIST where the runtime of that name has another path, -EBUSY where it is the
 * "default-runtime".
 */
int daemon_json_remove(const char *file, struct daemon_text *t, const char *path,
		       bool keep_empty, struct error *err);

/* Does it say nothing: is it empty, or an object without members? */
bool daemon_json_is_empty(const struct daemon_text *t);

/* Does it have "runtimes"? Also where there is no telling. */
bool daemon_json_has_runtimes(const struct daemon_text *t);

#endif
