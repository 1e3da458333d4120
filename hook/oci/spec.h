/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of an OCI bundle: what decides about the preload, and where it would be added. */
#ifndef KSM_SPEC_H
#define KSM_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/error.h"
#include "containers/metadata.h"
#include "oci/seccomp_profile.h"
#include "policy/policy.h"

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

/*
 * Facts that cross a pipe, so no pointers. Texts that do not fit are left empty: they are
 * only looked at to spare a program a library that it cannot load.
 */
struct spec {
	char obstacle[160]; /* why it cannot be added or is not wanted; empty if nothing is */
	enum spec_env env;
	enum spec_mount mount;
	uint32_t env_at, mount_at; /* offsets in the text */
	/* where other variables would be added; SPEC_ENV_THERE: nowhere, it is not in order */
	enum spec_env add;
	uint32_t add_at;
	bool python_seed, perl_seed; /* it has its own */
	enum profile_answer profile[PROFILE_CALLS];
	char id[72];       /* of the container, as far as the text tells */
	char root[1024];   /* root.path */
	char program[384]; /* process.args[0] */
	char path[768];    /* PATH of process.env */
};

/*
 * Read it and decide. Annotations that decide are kept until json_release(). What names the
 * container is added to names, if that is not NULL. -EINVAL with *syntax set: this is not
 * JSON.
 */
int spec_parse(const char *text, size_t len, const struct policy_config *config,
	       struct spec *out, struct metadata *names, struct decision *decision,
	       bool *syntax, struct error *err);

/* Is every bracket and string closed, so that nothing was cut off? No more than that. */
bool spec_is_whole(const char *text, size_t len);

/* What is to be added. */
#define SPEC_VARIABLES 3
struct spec_wish {
	const char *preload; /* the library, to process.env and the mounts; NULL: not */
	const char *variable[SPEC_VARIABLES]; /* to process.env: plain ASCII, no quotes */
	size_t variables;
};

/* The edited text: pieces of the old one and what stands between them. */
struct spec_edit {
	char env[96], add[320], mount[1280];
	struct iovec piece[7];
	int n;
};

/* 0, also where there is nothing to do; -EPROTO where the offsets do not fit the text. */
int spec_edit(const char *text, size_t len, const struct spec *spec,
	      const struct spec_wish *wish, struct spec_edit *out, struct error *err);

#endif
