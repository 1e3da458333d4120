/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what a running container asked for, as its runtime or engine wrote it down. */
#include "doctor/container_request.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "containers/lxc_config.h"
#include "kernel/sandbox.h"
#include "oci/hook_stage.h"
#include "oci/state.h"

#define PARSE_TIMEOUT_MS 3000

/* Directories of root's, with one directory per container; runtimes' own and by engine. */
static const struct place {
	const char *dir, *file;
} places[] = {
	{ "/run/runc", "state.json" },
	{ "/run/crun", "config.json" },
	{ "/run/docker/runtime-runc/moby", "state.json" },
	{ "/run/containerd/runc/k8s.io", "state.json" },
	{ "/run/containerd/runc/default", "state.json" },
	{ "/run/containerd/runc/moby", "state.json" },
};

static char text[STATE_MAX + 1];

struct input {
	size_t len;
	const struct policy_config *config;
	const char *id;
};

struct answer {
	bool understood;
	struct decision decision;
};

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "the answer must fit one pipe write");

struct gather {
	const struct policy_config *config;
	struct state state;
};

/* runc keeps annotations as labels, "key=value" (libcontainer/specconv). */
static int label(struct gather *g, const struct json_value *v, struct error *err)
{
	const char *eq = memchr(v->text, '=', v->len);
	struct json_value value = { .type = JSON_STRING };
	const char *key;

	if (!eq)
		return 0;
	key = json_keep(v->text, (size_t)(eq - v->text));
	if (!key || !state_decides(g->config, key))
		return 0;
	value.text = eq + 1;
	value.len = v->len - (size_t)(eq + 1 - v->text);
	return state_annotation("labels", &g->state, key, &value, err);
}

static int visit(void *arg, const struct json_path *p, const struct json_value *v,
		 struct error *err)
{
	struct gather *g = arg;

	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(p, "config", "labels", "*", NULL))
		return label(g, v, err);
	if (p->depth == 2 && p->key[1] && strcmp(p->key[0], "annotations") == 0 &&
	    state_decides(g->config, p->key[1]))
		return state_annotation("annotations", &g->state, p->key[1], v, err);
	return 0;
}

/* In the confined process. */
static void parse_oci(const void *arg, void *answer)
{
	static struct gather g;
	const struct input *in = arg;
	struct answer *a = answer;
	struct error err;

	g.config = in->config;
	json_release();
	if (json_walk("state", text, in->len, false, visit, &g, &err) < 0)
		return;
	policy_decide(in->config, g.state.annotation, g.state.n, &a->decision);
	a->understood = true;
}

static void parse_lxc(const void *arg, void *answer)
{
	const struct input *in = arg;
	struct answer *a = answer;
	char value[16];
	/* the rules of config.json know it by this name, as in the hook */
	struct annotation asked[] = { { "lxc.name", in->id },
				      { policy_environment.merge, value } };
	bool given = lxc_config_variable(text, in->len, asked[1].key, value, sizeof(value));

	policy_decide_by(&policy_environment, in->config, asked, 1 + given, &a->decision);
	a->understood = true;
}

static ssize_t read_file(const char *path)
{
	__cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0)
		return -1;
	return read_all(fd, text, STATE_MAX, 0);
}

static bool ask(void (*parse)(const void *, void *), const struct policy_config *config,
		const char *id, ssize_t len, struct decision *out)
{
	struct input in = { .len = (size_t)len, .config = config, .id = id };
	struct answer a = { 0 };
	struct error err;

	if (len <= 0 || json_reserve((size_t)len, &err) < 0 ||
	    confine_call(parse, &in, &a, sizeof(a), PARSE_TIMEOUT_MS, &err) < 0 ||
	    *(const unsigned char *)&a.understood != 1 || !hook_check_decision(&a.decision))
		return false;
	*out = a.decision;
	return true;
}

bool check_asked(const struct container_name *name, const struct policy_config *config,
		 struct decision *out)
{
	char path[PATH_MAX];

	/* the name of a cgroup, which others may have made */
	if (!name->id[0] || name->id[0] == '.' || strchr(name->id, '/'))
		return false;
	if (strcmp(name->engine, "lxc") == 0) {
		snprintf(path, sizeof(path), "/var/lib/lxc/%s/config", name->id);
		return ask(parse_lxc, config, name->id, read_file(path), out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", places[i].dir, name->id,
			 places[i].file);
		if (ask(parse_oci, config, name->id, read_file(path), out))
			return true;
	}
	return false;
}
