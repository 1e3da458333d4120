/* SPDX-License-Identifier: Apache-2.0 */
/* What was found in config.json of an OCI bundle: what keeps the preload out, and where it would be added. */
#ifndef KSM_SPEC_FACTS_H
#define KSM_SPEC_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "oci/seccomp_profile.h"

/*
 * Where the library stands in the container: below /dev, which is a tmpfs of the container,
 * so that the mount point is nothing that the image would keep.
 */
#define SPEC_LIBRARY "/dev/ksm-hook/libksm_preload.so"

/* How LD_PRELOAD comes into process.env. */
enum spec_env {
	SPEC_ENV_THERE,  /* it names the library already */
	SPEC_ENV_APPEND, /* to a value: the offset is that of its closing quote */
	SPEC_ENV_SET,    /* the same of an empty value */
	SPEC_ENV_ADD,    /* behind the last variable */
	SPEC_ENV_FIRST,  /* into an empty list, behind its bracket */
	SPEC_ENV_LIST,   /* there is no list: behind process' brace, which others follow */
};

enum spec_mount {
	SPEC_MOUNT_THERE,
	SPEC_MOUNT_ADD, /* behind /dev's closing brace */
};

/* A file or directory of the host's in the container; both are absolute, or empty. */
struct spec_bind {
	char destination[128], source[256];
};

/*
 * Facts that cross a pipe, so no pointers. Texts that do not fit are left empty: they are
 * only looked at to spare a program a library that it cannot load.
 */
struct spec {
	/* why it cannot be added or is not wanted; with REASON_NONE it can, and is */
	struct error blocker;
	enum spec_env env;
	enum spec_mount mount;
	uint32_t env_at, mount_at; /* offsets in the text */
	/* where other variables would be added; SPEC_ENV_THERE: nowhere, it is not in order */
	enum spec_env add;
	uint32_t add_at;
	bool python_seed, perl_seed, v8_seed; /* it has its own */
	enum profile_answer profile[PROFILE_CALLS];
	char id[72];           /* of the container, as far as the text tells */
	char root[1024];       /* root.path */
	char program[384];     /* process.args[0] */
	char path[768];        /* PATH of process.env */
	char cwd[512];         /* process.cwd */
	struct spec_bind bind; /* in which the program is, where its name is no word for PATH */
};

/* There is a reason not to add it; the first one counts. */
void spec_block(struct spec *spec, enum reason reason, const char *fmt, ...) __printf(3, 4);

/* What is behind a mount's destination in a path; NULL where that is elsewhere. */
const char *spec_bind_below(const struct spec_bind *bind, const char *path);

/* Keep a text, or nothing where it does not fit or holds a NUL. */
void spec_keep(char *out, size_t size, const char *text, size_t len);

#endif
