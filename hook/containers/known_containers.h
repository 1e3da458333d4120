/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that run now, and which of them a user's word means. */
#ifndef KSM_KNOWN_CONTAINERS_H
#define KSM_KNOWN_CONTAINERS_H

#include <sys/types.h>

#include "base/error.h"
#include "containers/identify.h"
#include "containers/metadata.h"

struct known_container {
	struct container_name name;
	pid_t pid; /* one of its processes */
	struct metadata metadata;
};

struct container_list {
	struct known_container *c;
	size_t n;
};

/* List them, by engine and id, with their names. 0 or -errno with err; the caller frees c in either case. */
int container_list_read(struct container_list *out, struct error *err);

/*
 * Pure: which of them does the word mean? It is an id (of 64 digits as many as tell it from the
 * others), or a name as ps shows it, either with the engine and a colon in front if need be. Its
 * index; -ENOENT: none, -EEXIST: several, with err.
 */
ssize_t container_choose(const struct known_container *list, size_t n, const char *word,
			 struct error *err);

#endif
