/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroups and namespaces. */
#include "containers/identify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"
#include "kernel/process.h"

/* Names are compared with the systemd suffix taken off. */
static const struct pattern {
	const char *engine;
	const char *parent; /* the component above; NULL for any */
	const char *prefix; /* what the id follows */
	enum { ID_ANY, ID_HEX, ID_MACHINE } id;
} patterns[] = {
	{ "docker", NULL, "docker-", ID_HEX },
	{ "docker", "docker", "", ID_HEX },
	{ "podman", NULL, "libpod-", ID_HEX },
	{ "podman", NULL, "libpod-payload-", ID_HEX }, /* --cgroups=split: Quadlet's units */
	{ "cri-o", NULL, "crio-", ID_HEX },
	{ "containerd", NULL, "cri-containerd-", ID_HEX },
	{ "containerd", NULL, "nerdctl-", ID_HEX },
	/* the kubelet's pod directory with the cgroupfs driver: any CRI */
	{ "cri", "pod", "", ID_HEX },
	{ "containerd", "default", "", ID_ANY },
	{ "containerd", "k8s.io", "", ID_ANY },
	{ "buildah", NULL, "buildah-", ID_HEX },
	{ "runc", NULL, "runc-", ID_ANY },
	{ "crun", NULL, "crun-", ID_ANY },
	{ "lxc", NULL, "lxc.payload.", ID_ANY },
	{ "lxc", "lxc.payload", "", ID_ANY },
	{ "lxc", "lxc", "", ID_ANY },
	{ "qemu", "machine.slice", "machine-qemu\\x2d", ID_MACHINE },
	{ "libvirt-lxc", "machine.slice", "machine-lxc\\x2d", ID_MACHINE },
	{ "nspawn", "machine.slice", "machine-", ID_MACHINE },
	{ "nspawn", "machine.slice", "systemd-nspawn@", ID_MACHINE },
	/* a cgroup of the caller's choice (docker --cgroup-parent, ECS, …) */
	{ "oci", NULL, "", ID_HEX },
};

/*
 * "slice:prefix:id" is meant for the systemd driver; a runtime that uses the cgroupfs driver
 * makes it a directory as it stands.
 */
static const struct {
	const char *infix, *engine;
} misread[] = {
	{ ":docker:", "docker" },      { ":libpod:", "podman" },
	{ ":crio:", "cri-o" },         { ":cri-containerd:", "containerd" },
	{ ":nerdctl:", "containerd" },
};

int container_name_compare(const struct container_name *a, const struct container_name *b)
{
	int r = strcmp(a->engine, b->engine);

	return r ? r : strcmp(a->id, b->id);
}

uint64_t container_name_hash(const struct container_name *name)
{
	return text_hash(name->engine) ^ text_hash(name->id) << 1;
}

static bool is_hex64(const char *s, size_t len)
{
	return len == 64 && strspn(s, "0123456789abcdef") >= 64;
}

size_t container_id_shown(const char *id)
{
	size_t len = strlen(id);

	return is_hex64(id, len) ? 12 : len;
}

/* "kubepods-burstable-pod<uid>.slice" and "pod<uid>" stand for a pod's directory */
static bool parent_fits(const char *want, const char *parent, size_t len)
{
	if (!want)
		return true;
	if (strcmp(want, "pod") == 0)
		return (len > 3 && memcmp(parent, "pod", 3) == 0) ||
		       (len > 8 && memcmp(parent, "kubepods", 8) == 0);
	return strlen(want) == len && memcmp(want, parent, len) == 0;
}

static bool ends_in(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && memcmp(name + len - n, suffix, n) == 0;
}

/*
 * The name without systemd's suffix. A runtime makes a scope of a container, never a service: what
 * is called runc-web.service is the host's own. nspawn's services alone are containers; 0: none.
 */
static size_t without_suffix(const struct pattern *p, const char *name, size_t len)
{
	if (ends_in(name, len, ".scope"))
		return len - strlen(".scope");
	if (!ends_in(name, len, ".service") || !*p->prefix)
		return len;
	return ends_in(p->prefix, strlen(p->prefix), "@") ? len - strlen(".service") : 0;
}

/* systemd writes what a unit's name cannot hold as \xNN (systemd.unit(5)). */
static void copy_id(struct container_name *out, const char *id, size_t len, bool escaped)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(out->id) - 1; i++) {
		unsigned int c;

		if (escaped && len - i >= 4 && memcmp(id + i, "\\x", 2) == 0 &&
		    sscanf(id + i + 2, "%2x", &c) == 1 && c) {
			out->id[n++] = (char)c;
			i += 3;
		} else {
			out->id[n++] = id[i];
		}
	}
	out->id[n] = '\0';
}

static bool is_misread(const char *name, size_t len, struct container_name *out)
{
	if (len <= 64 || !is_hex64(name + len - 64, 64))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(misread); i++) {
		size_t n = strlen(misread[i].infix);

		if (len < 64 + n || memcmp(name + len - 64 - n, misread[i].infix, n) != 0)
			continue;
		snprintf(out->engine, sizeof(out->engine), "%s", misread[i].engine);
		copy_id(out, name + len - 64, 64, false);
		return true;
	}
	return false;
}

static bool component(const char *parent, size_t parent_len, const char *name, size_t len,
		      struct container_name *out)
{
	/* a slice holds containers and is none: podman's pods, a kubelet's */
	if (ends_in(name, len, ".slice"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];
		size_t prefix = strlen(p->prefix), bare = without_suffix(p, name, len);

		if (bare <= prefix || memcmp(name, p->prefix, prefix) != 0 ||
		    !parent_fits(p->parent, parent, parent_len) ||
		    (p->id == ID_HEX && !is_hex64(name + prefix, bare - prefix)))
			continue;
		snprintf(out->engine, sizeof(out->engine), "%s", p->engine);
		copy_id(out, name + prefix, bare - prefix, p->id == ID_MACHINE);
		return true;
	}
	return is_misread(name, ends_in(name, len, ".scope") ? len - strlen(".scope") : len,
			  out);
}

/* One path: its components from the outside in. */
static bool from_path(const char *path, size_t len, struct container_name *out)
{
	const char *end = path + len, *parent = "", *p = path;
	size_t parent_len = 0;

	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = (size_t)((slash ? slash : end) - p);

		if (n && component(parent, parent_len, p, n, out))
			return true;
		parent = p;
		parent_len = n;
		p += n + 1;
	}
	return false;
}

/* The path of a "hierarchy:controllers:path" line (cgroups(7)); NULL for another. */
static const char *path_of(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	if (colon)
		colon = memchr(colon + 1, ':', len - (size_t)(colon + 1 - line));
	return colon ? colon + 1 : NULL;
}

bool container_from_cgroup(const char *text, struct container_name *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = path_of(text, len);

		if (path && from_path(path, len - (size_t)(path - text), out))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* The last component of the longest path, for cgroups that an engine did not name. */
static void last_component(const char *text, char *id, size_t size)
{
	size_t longest = 1;

	id[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = path_of(text, len);
		size_t n = path ? len - (size_t)(path - text) : 0;

		if (n > longest) {
			const char *last = path + n;

			while (last > path && last[-1] != '/')
				last--;
			longest = n;
			snprintf(id, size, "%.*s", (int)(path + n - last), last);
		}
		text += len + (text[len] == '\n');
	}
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

/* Is it in a mount and a pid namespace other than ours? */
static bool in_other_namespaces(pid_t pid, ino_t *ino)
{
	static struct namespace_kind mnt = { "mnt", 0 }, pidns = { "pid", 0 };
	int r = in_other_namespace(pid, &mnt, ino);
	struct process p;

	/* a main thread that has ended has none, the others do */
	if (r == -ENOENT && process_find(pid, &p) == 0 && p.task != pid) {
		pid = p.task;
		r = in_other_namespace(pid, &mnt, ino);
	}
	return r > 0 && in_other_namespace(pid, &pidns, ino) > 0;
}

static bool runtime_knows(const char *dir, const char *id)
{
	char path[320];

	return strchr(id, '/') == NULL && id[0] != '.' &&
	       snprintf(path, sizeof(path), "%s/%s", dir, id) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

bool container_from_envid(const char *text, struct container_name *out)
{
	size_t len = strcspn(text, " \t\n");

	if (len == 0 || (len == 1 && *text == '0'))
		return false;
	snprintf(out->engine, sizeof(out->engine), "openvz");
	copy_id(out, text, len, false);
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

bool container_of(pid_t pid, struct container_name *out)
{
	char text[PROC_CGROUP_MAX];
	ino_t ino = 0;

	if (proc_read_head(pid, "cgroup", text, sizeof(text)) < 0)
		text[0] = '\0'; /* a kernel without cgroups, or it has ended */
	if (container_from_cgroup(text, out) || in_openvz(pid, out))
		return true;
	if (!in_other_namespaces(pid, &ino))
		return false;
	last_component(text, out->id, sizeof(out->id));
	snprintf(out->engine, sizeof(out->engine), "%s",
		 runtime_knows("/run/runc", out->id) ? "runc" :
		 runtime_knows("/run/crun", out->id) ? "crun" :
						       "oci");
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
		last_component(text, out->id, sizeof(out->id));
	len = strlen(out->id);
	if (ends_in(out->id, len, ".service") || ends_in(out->id, len, ".scope"))
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
