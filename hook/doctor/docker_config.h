/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of Docker's daemon.json, and what dockerd does not start with. */
#ifndef KSM_DOCKER_CONFIG_H
#define KSM_DOCKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define DOCKER_RUNTIMES_MAX 32

/* The program is at path, or the BinaryName of the options of a type (since Docker 23.0). */
struct docker_runtime {
	const char *name, *path, *type, *binary; /* NULL where it is not given */
	bool args, options;                      /* there are some */
};

struct docker_config {
	struct docker_runtime runtime[DOCKER_RUNTIMES_MAX]; /* those beyond are left out */
	size_t n;
	const char *default_runtime; /* NULL */
	const char *socket;          /* of the first unix:// of "hosts"; NULL */
	bool hosts;                  /* there is a "hosts" */
	bool marked;                 /* a byte order mark is in front, which 23.0 skips */
	const char *unknown;         /* a key that no release up to 29 has; NULL */
	const char *later;           /* one that none before 23.0 has; NULL */
	/* a key whose value is of another type than this; NULL: none */
	const char *mistyped, *type;
	bool element; /* it is something in its list */
};

/* The strings stay valid until json_release(). -EINVAL where it is not JSON. */
int docker_config_parse(struct docker_config *c, const char *file, const char *text, size_t len,
			struct error *err);

/* How dockerd was asked, if it was: by itself it judges keys and types, but not what runtimes hold. */
enum docker_judged {
	DOCKER_UNASKED, /* it may be of any release */
	DOCKER_BEFORE_23,
	DOCKER_ASKED /* it takes the file */
};

/*
 * 0, or -EINVAL with what dockerd does not start with; 1, with err, where that depends on its release,
 * which is not known.
 */
int docker_config_check(const struct docker_config *c, const char *file,
			enum docker_judged judged, struct error *err);

/* The program of a runtime; NULL: there is none. */
const char *docker_runtime_program(const struct docker_runtime *r);

#endif
