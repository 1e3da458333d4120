/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the keys of daemon.json that dockerd knows; it does not start with others. */
#ifndef KSM_DOCKER_KEYS_H
#define KSM_DOCKER_KEYS_H

#include <stdbool.h>

#include "base/json_reader.h"

struct docker_key {
	char name[36]; /* in place: each pointer of a table costs every start its relocation */
	enum docker_value {
		DOCKER_ANY, /* it is an option's, and is not read from the file */
		DOCKER_BOOL,
		DOCKER_STRING,
		DOCKER_LEVEL, /* "debug" and so on */
		DOCKER_INT,
		DOCKER_COUNT,      /* from 0 on */
		DOCKER_STRINGS,    /* a list of strings */
		DOCKER_LIST,       /* of what has rules of its own */
		DOCKER_STRING_MAP, /* an object whose values are strings */
		DOCKER_BOOL_MAP,
		DOCKER_MAP /* an object with rules of its own */
	} value;
	bool later; /* since Docker 23.0, which can be asked (dockerd --validate) */
};

/* Exactly as it is written; NULL: no release up to 29 knows it. */
const struct docker_key *docker_key_find(const char *name);

/* What a value of this key, or below it, has to be; NULL: that will do. */
const char *docker_key_wants(const struct docker_key *key, const struct json_path *p,
			     const struct json_value *v);

/*
 * Is it a key that is looked for, and not what its value holds? dockerd takes other objects for groups of
 * keys (configValuesSet of daemon/config).
 */
bool docker_key_is_whole(const char *name);

#endif
