/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what a running container asked for, as its runtime or engine wrote it down. */
#include "doctor/container_request.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "containers/conmon.h"
#include "containers/lxc_config.h"
#include "kernel/userns.h"
#include "oci/decision.h"
#include "oci/state.h"

#define PARSE_TIMEOUT_MS 3000

/* Directories of root's, with one directory per container; runtimes' own and by engine. */
static const struct request_place {
	char dir[32], file[16];
	enum container_engine engine; /* whose it is; unknown: its cgroup has to tell */
} places[] = {
	{ "/run/runc", "state.json", ENGINE_UNKNOWN },
	{ "/run/crun", "config.json", ENGINE_UNKNOWN },
	{ "/run/docker/runtime-runc/moby", "state.json", ENGINE_DOCKER },
	{ "/run/containerd/runc/k8s.io", "state.json", ENGINE_CONTAINERD_CRI },
	{ "/run/containerd/runc/default", "state.json", ENGINE_CONTAINERD },
	{ "/run/containerd/runc/moby", "state.json", ENGINE_DOCKER },
};

static char text[STATE_MAX + 1];

struct request_walk {
	const struct policy_config *policy;
	struct state state;
};

/* runc keeps annotations as labels, "key=value" (libcontainer/specconv). */
static int visit_label(struct request_walk *g, const struct json_value *v, struct error *err)
{
	const char *eq = memchr(v->text, '=', v->len);
	struct json_value value = { .type = JSON_STRING };
	const char *key;

	if (!eq)
		return 0;
	key = json_keep(v->text, (size_t)(eq - v->text));
	if (!key || !state_decides(g->policy, key))
		return 0;
	value.text = eq + 1;
	value.len = v->len - (size_t)(eq + 1 - v->text);
	return state_annotation("labels", &g->state, key, &value, err);
}

static int visit_request(void *arg, const struct json_path *p, const struct json_value *v,
			 struct error *err)
{
	struct request_walk *g = arg;

	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(p, "config", "labels", "*", NULL))
		return visit_label(g, v, err);
	if (p->depth == 2 && p->key[1] && json_path_has(p, 0, "annotations") &&
	    state_decides(g->policy, p->key[1]))
		return state_annotation("annotations", &g->state, p->key[1], v, err);
	return 0;
}

static int read_oci_text(const struct container_text *t, const struct policy_config *policy,
			 struct policy_subject *out, struct error *err)
{
	static struct request_walk walk;
	int r;

	walk.policy = policy;
	walk.state.n = 0;
	r = json_walk("state", t->text, t->len, false, visit_request, &walk, err);
	out->annotation = walk.state.annotation;
	out->n = walk.state.n;
	return r;
}

static void read_lxc_text(const struct container_text *t, struct policy_subject *out)
{
	static char value[2][16];
	static struct annotation said[2];
	const char *const keys[2] = { policy_environment.merge, policy_environment.economy };

	out->keys = &policy_environment;
	out->annotation = said;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		said[out->n] = (struct annotation){ keys[i], value[i] };
		out->n += lxc_config_variable(t->text, t->len, keys[i], value[i],
					      sizeof(value[i]));
	}
}

int container_text_read(const struct container_text *t, const struct policy_config *policy,
			struct policy_subject *out, struct error *err)
{
	*out = (struct policy_subject){ .engine = t->engine,
					.name = t->name,
					.unread = t->unread };
	if (t->engine != ENGINE_LXC)
		return read_oci_text(t, policy, out, err);
	read_lxc_text(t, out);
	return 0;
}

/* In the sandbox. */
static int read_container_text(const struct decision_request *request,
			       const struct policy_config *policy,
			       struct container_decision *out, struct error *err)
{
	struct policy_subject subject;
	int r;

	if (request->policy)
		json_release(); /* of the caller's earlier texts: policy is a copy */
	r = container_text_read(request->keys, policy, &subject, err);
	if (r < 0)
		return r;
	state_names(&subject, &out->metadata);
	policy_decide(policy, &subject, &out->decision);
	return 0;
}

/* A runtime's own directory is shared by these. */
static enum container_engine engine_by_cgroup(const struct container_name *name, pid_t pid)
{
	struct conmon_args told;

	/* it may have moved there (oci/decision.c) */
	if (strcmp(name->engine, engine_name(ENGINE_CRIO)) == 0)
		return conmon_of(pid, name->id, &told) && told.podmans ? ENGINE_PODMAN :
									 ENGINE_CRIO;
	return strcmp(name->engine, engine_name(ENGINE_PODMAN)) == 0 ? ENGINE_PODMAN :
								       ENGINE_UNKNOWN;
}

static bool take_text(const char *path, enum container_engine engine, const char *name,
		      struct container_text *out)
{
	struct error err;
	ssize_t n = far_read_file(path, FILE_TRUSTED, text, STATE_MAX, &err);

	if (n <= 0)
		return false;
	*out = (struct container_text){ text, (size_t)n, engine, name, false };
	return true;
}

/* Of one in a namespace other than CRI's or Docker's, "NAMESPACE/ID": what containerd's runc keeps. */
static bool find_in_namespace(const struct container_name *name, struct container_text *out)
{
	const char *id = strchr(name->id, '/') + 1;
	char path[PATH_MAX];

	if (strcmp(name->engine, engine_name(ENGINE_CONTAINERD)) != 0 || !id[0] ||
	    id[0] == '.' || strchr(id, '/'))
		return false;
	snprintf(path, sizeof(path), "/run/containerd/runc/%s/state.json", name->id);
	return take_text(path,
			 strncmp(name->id, "k8s.io/", 7) == 0 ? ENGINE_CONTAINERD_CRI :
								ENGINE_CONTAINERD,
			 NULL, out);
}

/* podman's and CRI-O's, which stands in none of these texts. */
static const char *monitored_name(const struct container_name *name, pid_t pid,
				  enum container_engine engine)
{
	static struct conmon_args told;
	bool monitors = engine == ENGINE_PODMAN || engine == ENGINE_CRIO;

	return monitors && conmon_of(pid, name->id, &told) ? told.name : NULL;
}

bool container_text_find(const struct container_name *name, pid_t pid,
			 struct container_text *out)
{
	char path[PATH_MAX];

	/* the name of a cgroup, which others may have made */
	if (!name->id[0] || name->id[0] == '.')
		return false;
	if (strchr(name->id, '/'))
		return find_in_namespace(name, out);
	if (strcmp(name->engine, "lxc") == 0) {
		snprintf(path, sizeof(path), "/var/lib/lxc/%s/config", name->id);
		return take_text(path, ENGINE_LXC, name->id, out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		enum container_engine engine = places[i].engine;

		if (engine == ENGINE_UNKNOWN)
			engine = engine_by_cgroup(name, pid);
		snprintf(path, sizeof(path), "%s/%s/%s", places[i].dir, name->id,
			 places[i].file);
		if (take_text(path, engine, monitored_name(name, pid, engine), out))
			return true;
	}
	return false;
}

static struct decision_request request_for(const struct container_text *t,
					   const char *config_path)
{
	return (struct decision_request){ .config_path = config_path,
					  .requests = true,
					  .text = t->text,
					  .len = t->len,
					  .reader = read_container_text,
					  .keys = t,
					  .timeout_ms = PARSE_TIMEOUT_MS };
}

bool check_asked(const struct container_name *name, pid_t pid,
		 const struct policy_config *config, const char *config_path,
		 struct decision *out)
{
	struct decision_request request;
	struct container_decision c;
	struct container_text t;
	uid_t owner;
	struct error err;

	if (!container_text_find(name, pid, &t))
		return false;
	owner = userns_owner_of(pid);
	request = request_for(&t, config_path);
	request.policy = config;
	request.owner = &owner;
	if (decision_make(&request, &c, &err) < 0)
		return false;
	*out = c.decision;
	return true;
}

static enum container_engine engine_called(const char *name)
{
	for (int e = 0; e < ENGINE_COUNT; e++) {
		const char *called = engine_name((enum container_engine)e);

		if (called && strcmp(called, name) == 0)
			return (enum container_engine)e;
	}
	return ENGINE_UNKNOWN;
}

/* Of a container of which nothing is written where we look: the engine that its cgroup names. */
static void know_engine_only(const struct container_name *name, struct container_text *out)
{
	*out = (struct container_text){
		.text = "{}", .len = 2, .engine = engine_called(name->engine), .unread = true
	};
	/* whose text it would be */
	if (out->engine == ENGINE_LXC) {
		out->name = name->id;
		out->text = "";
		out->len = 0;
	}
}

int check_by_engine(const struct container_name *name, pid_t pid,
		    const struct policy_config *config, const char *config_path,
		    struct container_decision *out, struct error *err)
{
	static struct policy_config asked;
	struct decision_request request;
	struct container_text t;
	uid_t owner = userns_owner_of(pid);

	know_engine_only(name, &t);
	request = request_for(&t, config_path);
	if (config) {
		asked = *config;
		asked.by_runtime = true;
		request.policy = &asked;
	}
	request.by_runtime = true;
	request.owner = &owner;
	return decision_make(&request, out, err);
}

int check_attached(const struct container_name *name, pid_t pid, const char *config_path,
		   struct container_decision *out, struct error *err)
{
	struct decision_request request;
	struct container_text t;
	uid_t owner = userns_owner_of(pid);

	if (container_text_find(name, pid, &t)) {
		request = request_for(&t, config_path);
		request.by_runtime = true;
		request.owner = &owner;
		if (decision_make(&request, out, err) == 0)
			return 0;
	}
	return check_by_engine(name, pid, NULL, config_path, out, err);
}
