/* SPDX-License-Identifier: Apache-2.0 */
/* As much of TOML as it takes to find a few settings in an engine's configuration. */
#ifndef KSM_TOML_H
#define KSM_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define TOML_DEPTH_MAX 12
#define TOML_LIST_MAX  256

/* The key with the tables that it stands in. */
struct toml_path {
	const char *key[TOML_DEPTH_MAX];
	size_t depth;
	size_t table_depth; /* how many of them are of the [header] */
	int table_line;     /* its; 0 above the first */
	bool table_plain;   /* it is written without blanks, and its first key without quotes */
};

struct toml_value {
	enum toml_type {
		TOML_STRING, /* text[0] */
		TOML_LIST,   /* of n strings, none of them left out */
		TOML_OTHER,  /* numbers, truths, dates, texts of several lines, lists of such */
	} type;
	const char *text[TOML_LIST_MAX];
	size_t n;
	bool append;      /* containers.conf: the list holds {append=true} */
	const char *bare; /* where a number or a truth begins; other text follows it */
	int line;
};

/* The texts are pieces of the scanned one. */
typedef void (*toml_visit)(void *arg, const struct toml_path *path,
			   const struct toml_value *value);

/*
 * Call visit for each setting, in the order of the text, which ends with a NUL and is
 * written over. 0, or -EINVAL with the line that is not understood: nothing is guessed, but
 * visit may have been called for what stands before it.
 */
int toml_scan(const char *name, char *text, toml_visit visit, void *arg, struct error *err);

/* Is it a whole number, in whatever base? One that no long holds is none. */
bool toml_integer(const struct toml_value *value, long *out);

/* Is the path exactly these keys? "*" stands for any one; the list ends with NULL. */
bool toml_path_is(const struct toml_path *path, ...) __attribute__((sentinel));

#endif
