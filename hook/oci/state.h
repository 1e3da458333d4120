/* SPDX-License-Identifier: Apache-2.0 */
/* The container state that an OCI runtime writes to a hook's stdin. */
#ifndef KSM_STATE_H
#define KSM_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "containers/conmon.h"
#include "containers/metadata.h"
#include "policy/policy.h"

/*
 * Kubernetes allows 256 KiB of annotations on a pod, CRI-O adds its own, escapes can
 * lengthen them: a state larger than this is noise.
 */
#define STATE_MAX       (1u << 20)
#define ANNOTATIONS_MAX 128
#define ANNOTATION_MAX  4096

struct state {
	char id[256];
	pid_t pid;        /* 0 where the state has none */
	bool running;     /* "status" is "running", not "creating" or "created" */
	char bundle[768]; /* empty where it is longer, or not given */
	struct annotation annotation[ANNOTATIONS_MAX];
	size_t n;
};

/*
 * Parse it (runtime-spec, runtime.md, "State"). Keeps the annotations that decide: those
 * that begin with ANNOTATION_PREFIX, those that a rule of config names, and those by which an
 * engine names the container. Their text lives until json_release().
 */
int state_parse(const char *text, size_t len, const struct policy_config *config,
		struct state *out, struct error *err);

/* Can this be the id of a container? No slash, so that it is a name of a file; no control letters. */
bool state_is_id(const char *id);

/* Is this one of the annotations that decide? */
bool state_decides(const struct policy_config *config, const char *key);

/*
 * Add one of these; key and text must live as long as out. name goes into messages. Of what an
 * engine would have written, a value that none would have is left out: somebody else's.
 */
int state_annotation(const char *name, struct state *out, const char *key,
		     const struct json_value *v, struct error *err);

/* The name that podman or CRI-O gave it, where its monitor is known; or NULL. */
const char *state_monitored_name(const struct conmon_args *monitor,
				 enum container_engine engine, const char *id);

/* For ps, metrics and the audit: of what the engine says of it, what can be believed; in any bytes. */
void state_names(const struct policy_subject *subject, struct metadata *out);

#endif
