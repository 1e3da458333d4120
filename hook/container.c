/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, told from its cgroups. */
#include "container.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

/* Names are compared with the systemd suffix taken off. */
static const struct pattern {
	const char *engine;
	const char *parent; /* the component above; NULL for any */
	const char *prefix; /* what the id follows */
	bool hex;           /* the id is 64 hexadecimal digits */
} patterns[] = {
	{ "docker", NULL, "docker-", true },
	{ "docker", "docker", "", true },
	{ "podman", NULL, "libpod-", true },
	{ "cri-o", NULL, "crio-", true },
	{ "containerd", NULL, "cri-containerd-", true },
	{ "containerd", NULL, "nerdctl-", true },
	/* the kubelet's pod directory with the cgroupfs driver: any CRI */
	{ "cri", "pod", "", true },
	{ "containerd", "default", "", false },
	{ "buildah", NULL, "buildah-", true },
	{ "runc", NULL, "runc-", false },
	{ "crun", NULL, "crun-", false },
	{ "lxc", NULL, "lxc.payload.", false },
	{ "lxc", "lxc.payload", "", false },
	{ "lxc", "lxc", "", false },
	{ "qemu", "machine.slice", "machine-qemu\\x2d", false },
	{ "nspawn", "machine.slice", "machine-", false },
	{ "nspawn", "machine.slice", "systemd-nspawn@", false },
};

static bool is_hex64(const char *s, size_t len)
{
	return len == 64 && strspn(s, "0123456789abcdef") >= 64;
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

static size_t without_suffix(const char *name, size_t len)
{
	static const char *const suffixes[] = { ".scope", ".service" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t s = strlen(suffixes[i]);

		if (len > s && memcmp(name + len - s, suffixes[i], s) == 0)
			return len - s;
	}
	return len;
}

static bool component(const char *parent, size_t parent_len, const char *name, size_t len,
		      struct container_name *out)
{
	len = without_suffix(name, len);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];
		size_t prefix = strlen(p->prefix);

		if (len <= prefix || memcmp(name, p->prefix, prefix) != 0 ||
		    !parent_fits(p->parent, parent, parent_len) ||
		    (p->hex && !is_hex64(name + prefix, len - prefix)))
			continue;
		snprintf(out->engine, sizeof(out->engine), "%s", p->engine);
		snprintf(out->id, sizeof(out->id), "%.*s", (int)(len - prefix), name + prefix);
		return true;
	}
	return false;
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

/* Of one kind; ours is asked for once, a whole scan of /proc may follow. */
struct namespace
{
	const char *name;
	ino_t ours;
};

static bool own_namespace(pid_t pid, struct namespace *kind, ino_t *ino)
{
	char path[48];
	struct stat st;

	if (!kind->ours) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->name);
		if (stat(path, &st) < 0)
			return false;
		kind->ours = st.st_ino;
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind->name);
	if (stat(path, &st) < 0)
		return false;
	*ino = st.st_ino;
	return *ino != kind->ours;
}

static bool runtime_knows(const char *dir, const char *id)
{
	char path[320];

	return strchr(id, '/') == NULL && id[0] != '.' &&
	       snprintf(path, sizeof(path), "%s/%s", dir, id) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

bool container_of(pid_t pid, struct container_name *out)
{
	static struct namespace mnt = { "mnt", 0 }, pidns = { "pid", 0 };
	char text[4096];
	ino_t ino, unused;

	if (proc_read(pid, "cgroup", text, sizeof(text)) < 0)
		return false;
	if (container_from_cgroup(text, out))
		return true;
	if (!own_namespace(pid, &mnt, &unused) || !own_namespace(pid, &pidns, &ino))
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
