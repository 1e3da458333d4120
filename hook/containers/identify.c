/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroups and namespaces. */
#include "containers/identify.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "base/text.h"
#include "containers/cgroup_name.h"
#include "containers/containerd_names.h"
#include "containers/root_mount.h"
#include "kernel/process.h"

int container_name_compare(const struct container_name *a, const struct container_name *b)
{
	int r = strcmp(a->engine, b->engine);

	return r ? r : strcmp(a->id, b->id);
}

uint64_t container_name_hash(const struct container_name *name)
{
	return text_hash(name->engine) ^ text_hash(name->id) << 1;
}

size_t container_id_shown(const char *id)
{
	size_t len = strlen(id);

	return len == 64 && strspn(id, "0123456789abcdef") == 64 ? 12 : len;
}

/*
 * Of one kind. Our own one is read once: a whole scan of /proc may follow, in several threads.
 */
struct namespace_kind {
	const char *name;
	ino_t ours;
};

/* 1: the process is in another one than we are, 0: in the same; -errno: it is not shown. */
static int in_other_namespace(pid_t pid, struct namespace_kind *kind, ino_t *ino)
{
	ino_t ours = __atomic_load_n(&kind->ours, __ATOMIC_RELAXED);
	char path[48];
	struct stat st;

	if (!ours) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->name);
		if (stat(path, &st) < 0)
			return -errno;
		ours = st.st_ino;
		__atomic_store_n(&kind->ours, ours, __ATOMIC_RELAXED);
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind->name);
	if (stat(path, &st) < 0)
		return -errno;
	*ino = st.st_ino;
	return *ino != ours;
}

static enum place_share share_of(int other)
{
	return other < 0 ? SHARE_UNKNOWN : other ? SHARE_OWN : SHARE_HOSTS;
}

/* Whose namespaces they are, and is its root directory that of its mount namespace: asked for of each process. */
struct seen_from {
	enum place_share pids, mounts;
	ino_t pid_ns, mnt_ns;
	bool at_top;
	pid_t pid; /* a thread of it that has them */
};

static void look_around(pid_t pid, struct seen_from *out)
{
	static struct namespace_kind mnt = { "mnt", 0 }, pidns = { "pid", 0 };
	int r = in_other_namespace(pid, &mnt, &out->mnt_ns);
	struct process p;
	char path[48], root[2];

	/* a main thread that has ended has none, the others do */
	if (r == -ENOENT && process_find(pid, &p) == 0 && p.task != pid) {
		pid = p.task;
		r = in_other_namespace(pid, &mnt, &out->mnt_ns);
	}
	out->pid = pid;
	out->mounts = share_of(r);
	out->pids = share_of(in_other_namespace(pid, &pidns, &out->pid_ns));
	if (out->mounts != SHARE_OWN || out->pids != SHARE_OWN)
		return;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	out->at_top = readlink(path, root, sizeof(root)) == 1 && root[0] == '/';
}

bool container_from_place(const struct process_place *place, struct container_name *out)
{
	enum cgroup_proof proof;

	if (cgroup_names_container(place->cgroup, out, &proof))
		return proof == PROOF_NAME ||
		       (proof == PROOF_MOUNTS ? place->mounts : place->pids) != SHARE_HOSTS;
	if (place->pids != SHARE_OWN || place->mounts != SHARE_OWN || place->root != ROOT_OWN)
		return false;
	snprintf(out->engine, sizeof(out->engine), "oci");
	cgroup_last_component(place->cgroup, out->id, sizeof(out->id));
	return true;
}

bool container_from_envid(const char *text, struct container_name *out)
{
	size_t len = strcspn(text, " \t\n");

	if (len == 0 || (len == 1 && *text == '0'))
		return false;
	snprintf(out->engine, sizeof(out->engine), "openvz");
	snprintf(out->id, sizeof(out->id), "%.*s", (int)len, text);
	return true;
}

/* OpenVZ's kernels (2.6.32, 3.10) have no cgroup per container that could be relied on. */
static bool in_openvz(pid_t pid, struct container_name *out)
{
	char text[64];

	return access("/proc/vz", F_OK) == 0 &&
	       proc_status_line(pid, "envID", text, sizeof(text)) > 0 &&
	       container_from_envid(text, out);
}

/*
 * Where runtimes keep what they know of their containers, as root alone can write it. A component
 * of the cgroup is its id there, of containerd's the two last: namespace and id.
 */
static const struct {
	const char *dir, *engine;
} states[] = {
	{ "/run/runc", "runc" },
	{ "/run/crun", "crun" },
};

static bool is_kept(const char *dir, const char *engine, const char *id,
		    struct container_name *out)
{
	char path[400];

	if (strlen(id) >= sizeof(out->id) ||
	    snprintf(path, sizeof(path), "%s/%s", dir, id) >= (int)sizeof(path) ||
	    far_access(path, F_OK) < 0)
		return false;
	snprintf(out->engine, sizeof(out->engine), "%s", engine);
	snprintf(out->id, sizeof(out->id), "%s", id);
	return true;
}

static bool is_known(void *arg, const struct cgroup_component *c)
{
	struct container_name *out = arg;
	char id[sizeof(out->id) + 1];

	if (c->name[0] == '.' || (c->parent_len && c->parent[0] == '.'))
		return false;
	snprintf(id, sizeof(id), "%.*s/%.*s", c->parent_len, c->parent, c->len, c->name);
	for (size_t i = 0; c->parent_len && i < CONTAINERD_STATES_RUN; i++) {
		if (is_kept(containerd_states[i], "containerd", id, out))
			return true;
	}
	snprintf(id, sizeof(id), "%.*s", c->len, c->name);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (is_kept(states[i].dir, states[i].engine, id, out))
			return true;
	}
	return false;
}

/*
 * The last answer. Of a container of many processes each has the same cgroup and namespaces, which are asked for
 * of each; what is mounted on their root, and what runtimes know, is not in so short a time. Only of those that have
 * not changed their root: two directories may have one name, of a tenant's choice, and other things mounted there.
 */
#define ANSWER_MS 100

struct known_place {
	char cgroup[PROC_CGROUP_MAX];
	struct seen_from from;
	int64_t ms;
	bool in_container;
	struct container_name name;
};

static struct known_place last;
/* Who finds it taken does without: no thread waits, nor what has been forked beside one that had it. */
static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;

static bool answers(const struct known_place *a, const char *cgroup,
		    const struct seen_from *from)
{
	return from->at_top && a->from.at_top && a->from.pid_ns == from->pid_ns &&
	       a->from.mnt_ns == from->mnt_ns && a->from.pids == from->pids &&
	       a->from.mounts == from->mounts && strcmp(a->cgroup, cgroup) == 0 &&
	       now_ms() - a->ms < ANSWER_MS;
}

static bool container_from(const char *cgroup, const struct seen_from *from,
			   struct container_name *out)
{
	struct process_place place = {
		.cgroup = cgroup,
		.pids = from->pids,
		.mounts = from->mounts,
		.root = from->pids == SHARE_OWN && from->mounts == SHARE_OWN ?
				root_of_process(from->pid) :
				ROOT_HOSTS,
	};

	if (!container_from_place(&place, out))
		return false;
	if (strcmp(out->engine, "oci") == 0)
		(void)cgroup_for_each_component(cgroup, is_known, out);
	if (!out->id[0])
		snprintf(out->id, sizeof(out->id), "pidns-%lu", (unsigned long)from->pid_ns);
	return true;
}

bool container_of(pid_t pid, struct container_name *out)
{
	struct seen_from from = { 0 };
	enum cgroup_proof proof;
	char text[PROC_CGROUP_MAX];
	bool in_container;

	if (proc_read_head(pid, "cgroup", text, sizeof(text)) < 0)
		text[0] = '\0'; /* a kernel without cgroups, or it has ended */
	if (cgroup_names_container(text, out, &proof)) {
		if (proof == PROOF_NAME)
			return true;
	} else if (in_openvz(pid, out)) {
		return true;
	}
	look_around(pid, &from);
	if (pthread_mutex_trylock(&last_lock) != 0)
		return container_from(text, &from, out);
	if (!answers(&last, text, &from)) {
		last.in_container = container_from(text, &from, &last.name);
		last.from = from;
		last.ms = now_ms();
		snprintf(last.cgroup, sizeof(last.cgroup), "%s", text);
	}
	*out = last.name;
	in_container = last.in_container;
	pthread_mutex_unlock(&last_lock);
	return in_container;
}

bool container_has_process(const char *id, pid_t pid)
{
	struct container_name name;

	return container_of(pid, &name) && strcmp(name.id, id) == 0;
}

void container_host_name(pid_t pid, struct container_name *out)
{
	char text[PROC_CGROUP_MAX];
	size_t len;

	snprintf(out->engine, sizeof(out->engine), "host");
	out->id[0] = '\0';
	if (proc_read_head(pid, "cgroup", text, sizeof(text)) > 0)
		cgroup_last_component(text, out->id, sizeof(out->id));
	len = strlen(out->id);
	if ((len > 8 && strcmp(out->id + len - 8, ".service") == 0) ||
	    (len > 6 && strcmp(out->id + len - 6, ".scope") == 0))
		return;
	if (process_command(pid, out->id, sizeof(out->id)) < 0)
		out->id[0] = '\0';
}

uint64_t container_key(pid_t pid)
{
	struct container_name name;

	if (!container_of(pid, &name))
		container_host_name(pid, &name);
	return container_name_hash(&name);
}
