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

#include "base/far_files.h"
#include "base/macros.h"
#include "base/text.h"
#include "containers/cgroup_name.h"
#include "containers/containerd_names.h"
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

/* A field of a line of mountinfo (proc(5)), which are parted by one space. */
static const char *field_of(const char *line, int n, size_t *len)
{
	while (n-- > 0) {
		line += strcspn(line, " \n");
		if (*line != ' ')
			return NULL;
		line++;
	}
	*len = strcspn(line, " \n");
	return line;
}

/* The line of what is mounted on /: the last one, where there are several. */
static const char *root_mount(const char *mountinfo)
{
	const char *found = NULL;

	for (const char *line = mountinfo; *line; line += line[0] == '\n') {
		size_t len;
		const char *point = field_of(line, 4, &len);

		if (point && len == 1 && *point == '/')
			found = line;
		line += strcspn(line, "\n");
	}
	return found;
}

static bool mount_has(const char *options, size_t len, const char *option)
{
	size_t n = strlen(option);

	for (const char *p = options, *end = options + len; p < end;) {
		size_t k = strcspn(p, ", \n");

		if (k == n && memcmp(p, option, n) == 0)
			return true;
		p += k + 1;
	}
	return false;
}

enum root_kind container_root_kind(const char *mountinfo, const char *ours)
{
	const char *its = root_mount(mountinfo), *our = root_mount(ours), *a, *b;
	size_t a_len = 0, b_len = 0;

	if (!its)
		return ROOT_OWN;
	a = field_of(its, 5, &a_len);
	if (a && mount_has(a, a_len, "noexec"))
		return ROOT_NOEXEC;
	/* device and directory, which stand beside each other */
	for (int i = 2; our && i <= 3; i++) {
		a = field_of(its, i, &a_len);
		b = field_of(our, i, &b_len);
		if (!a || !b || a_len != b_len || memcmp(a, b, a_len) != 0)
			return ROOT_OWN;
	}
	return our ? ROOT_HOSTS : ROOT_OWN;
}

/* A line as far as it is looked at: names of directories are written with four bytes for some. */
#define MOUNT_LINE_MAX 2048

/*
 * The line of what is mounted on the process's /, the last one; "" where there is none, or it is not
 * shown. It need not be among the first: what an initramfs has mounted stands before it.
 */
static void read_root_mount(pid_t pid, char out[MOUNT_LINE_MAX])
{
	char path[48], line[MOUNT_LINE_MAX];
	bool whole = true;
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		bool begins = whole;

		whole = strchr(line, '\n');
		if (begins && root_mount(line))
			memcpy(out, line, sizeof(line));
	}
	fclose(f);
}

/* That of the host's first process, read once. */
static char host_root[MOUNT_LINE_MAX];
static pthread_once_t host_root_once = PTHREAD_ONCE_INIT;

static void read_host_root(void)
{
	read_root_mount(1, host_root);
}

/* What is mounted, not what is there: a file system of a tenant's may never answer. */
static enum root_kind root_of(pid_t pid)
{
	char line[MOUNT_LINE_MAX];

	pthread_once(&host_root_once, read_host_root);
	if (!host_root[0])
		return ROOT_OWN;
	read_root_mount(pid, line);
	return container_root_kind(line, host_root);
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

/* Into out what decides of a process besides its cgroup; ino becomes its pid namespace's. */
static void look_around(pid_t pid, struct process_place *out, ino_t *ino)
{
	static struct namespace_kind mnt = { "mnt", 0 }, pidns = { "pid", 0 };
	int r = in_other_namespace(pid, &mnt, ino);
	struct process p;

	/* a main thread that has ended has none, the others do */
	if (r == -ENOENT && process_find(pid, &p) == 0 && p.task != pid) {
		pid = p.task;
		r = in_other_namespace(pid, &mnt, ino);
	}
	out->mounts = share_of(r);
	out->pids = share_of(in_other_namespace(pid, &pidns, ino));
	out->root =
		out->mounts == SHARE_OWN && out->pids == SHARE_OWN ? root_of(pid) : ROOT_HOSTS;
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

bool container_of(pid_t pid, struct container_name *out)
{
	struct process_place place = { 0 };
	enum cgroup_proof proof;
	char text[PROC_CGROUP_MAX];
	ino_t ino = 0;

	if (proc_read_head(pid, "cgroup", text, sizeof(text)) < 0)
		text[0] = '\0'; /* a kernel without cgroups, or it has ended */
	if (cgroup_names_container(text, out, &proof)) {
		if (proof == PROOF_NAME)
			return true;
	} else if (in_openvz(pid, out)) {
		return true;
	}
	place.cgroup = text;
	look_around(pid, &place, &ino);
	if (!container_from_place(&place, out))
		return false;
	if (strcmp(out->engine, "oci") == 0)
		(void)cgroup_for_each_component(text, is_known, out);
	if (!out->id[0])
		snprintf(out->id, sizeof(out->id), "pidns-%lu", (unsigned long)ino);
	return true;
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
