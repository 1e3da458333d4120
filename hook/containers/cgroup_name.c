/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what the text of /proc/PID/cgroup says, whatever mix of v1 and v2 it is. */
#include "containers/cgroup_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

/* Names are compared with the systemd suffix taken off. */
static const struct pattern {
	char engine[16];
	char parent[16]; /* the component above; "" for any */
	char prefix[24]; /* what the id follows */
	enum { ID_ANY, ID_SCOPE, ID_HEX, ID_MACHINE, ID_NAMESPACE } id;
	enum cgroup_proof proof;
} patterns[] = {
	{ "docker", "", "docker-", ID_HEX, PROOF_NAME },
	{ "docker", "docker", "", ID_HEX, PROOF_NAME },
	{ "podman", "", "libpod-", ID_HEX, PROOF_NAME },
	/* --cgroups=split: Quadlet's units */
	{ "podman", "", "libpod-payload-", ID_HEX, PROOF_NAME },
	{ "cri-o", "", "crio-", ID_HEX, PROOF_NAME },
	{ "containerd", "", "cri-containerd-", ID_HEX, PROOF_NAME },
	{ "containerd", "", "nerdctl-", ID_HEX, PROOF_NAME },
	/* the kubelet's pod directory with the cgroupfs driver: any CRI */
	{ "cri", "pod", "", ID_HEX, PROOF_NAME },
	/* its namespaces; nerdctl's ids, and Kubernetes', are no names */
	{ "containerd", "default", "", ID_HEX, PROOF_NAME },
	{ "containerd", "k8s.io", "", ID_HEX, PROOF_NAME },
	{ "containerd", "default", "", ID_NAMESPACE, PROOF_MOUNTS },
	{ "containerd", "k8s.io", "", ID_NAMESPACE, PROOF_MOUNTS },
	{ "buildah", "", "buildah-", ID_HEX, PROOF_NAME },
	/* rootless Docker asks its runc for no name, under the user's own systemd */
	{ "docker", "user.slice", "runc-", ID_HEX, PROOF_NAME },
	/* what the systemd driver calls them where nothing else is asked for */
	{ "runc", "", "runc-", ID_SCOPE, PROOF_MOUNTS },
	{ "crun", "", "crun-", ID_SCOPE, PROOF_MOUNTS },
	{ "lxc", "", "lxc.payload.", ID_ANY, PROOF_NAME },
	{ "lxc", "lxc.payload", "", ID_ANY, PROOF_NAME },
	{ "lxc", "lxc", "", ID_ANY, PROOF_NAME },
	{ "qemu", "machine.slice", "machine-qemu\\x2d", ID_MACHINE, PROOF_NAME },
	{ "libvirt-lxc", "machine.slice", "machine-lxc\\x2d", ID_MACHINE, PROOF_PIDS },
	{ "nspawn", "machine.slice", "machine-", ID_MACHINE, PROOF_PIDS },
	{ "nspawn", "machine.slice", "systemd-nspawn@", ID_MACHINE, PROOF_PIDS },
	/* a cgroup of the caller's choice (docker --cgroup-parent, ECS, …) */
	{ "oci", "", "", ID_HEX, PROOF_NAME },
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

static bool is_hex64(const char *s, size_t len)
{
	return len == 64 && strspn(s, "0123456789abcdef") >= 64;
}

/* "kubepods-burstable-pod<uid>.slice" and "pod<uid>" stand for a pod's directory */
static bool parent_fits(const char *want, const struct cgroup_component *c)
{
	size_t len = (size_t)c->parent_len;

	if (!want[0])
		return true;
	if (strcmp(want, "pod") == 0)
		return (len > 3 && memcmp(c->parent, "pod", 3) == 0) ||
		       (len > 8 && memcmp(c->parent, "kubepods", 8) == 0);
	return strlen(want) == len && memcmp(want, c->parent, len) == 0;
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

static bool id_fits(const struct pattern *p, const struct cgroup_component *c, size_t len)
{
	size_t prefix = strlen(p->prefix);

	if (len <= prefix || memcmp(c->name, p->prefix, prefix) != 0)
		return false;
	if (p->id == ID_SCOPE)
		return ends_in(c->name, (size_t)c->len, ".scope");
	return p->id != ID_HEX || is_hex64(c->name + prefix, len - prefix);
}

/* An id that users choose is one in its namespace only. */
static void copy_pattern_id(struct container_name *out, const struct pattern *p,
			    const struct cgroup_component *c, size_t len)
{
	size_t prefix = strlen(p->prefix);

	if (p->id == ID_NAMESPACE)
		snprintf(out->id, sizeof(out->id), "%s/%.*s", p->parent, c->len, c->name);
	else
		copy_id(out, c->name + prefix, len - prefix, p->id == ID_MACHINE);
}

struct naming {
	struct container_name *name;
	enum cgroup_proof proof;
	struct cgroup_component above; /* the one that the parent lies in */
};

/* systemd-nspawn 258 and later makes its own scope, named as the machine: NAME.scope/payload */
static bool is_machine_scope(const struct naming *n, const struct cgroup_component *c)
{
	return c->len == 7 && memcmp(c->name, "payload", 7) == 0 &&
	       ends_in(c->parent, (size_t)c->parent_len, ".scope") &&
	       n->above.parent_len == 13 && memcmp(n->above.parent, "machine.slice", 13) == 0;
}

/* podman's pods with its cgroupfs manager: libpod_parent/POD/libpod-ID (libpod/define, pod_internal) */
static bool is_podmans_pod(const struct cgroup_component *c)
{
	return c->parent_len == 13 && memcmp(c->parent, "libpod_parent", 13) == 0 &&
	       is_hex64(c->name, (size_t)c->len);
}

static bool name_component(void *arg, const struct cgroup_component *c)
{
	struct naming *n = arg;

	/* a slice holds containers and is none: podman's pods, a kubelet's */
	if (ends_in(c->name, (size_t)c->len, ".slice") || is_podmans_pod(c)) {
		n->above = *c;
		return false;
	}
	if (is_machine_scope(n, c)) {
		snprintf(n->name->engine, sizeof(n->name->engine), "nspawn");
		copy_id(n->name, c->parent, (size_t)c->parent_len - 6, true);
		n->proof = PROOF_PIDS;
		return true;
	}
	n->above = *c;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];
		size_t len = without_suffix(p, c->name, (size_t)c->len);

		if (!id_fits(p, c, len) || !parent_fits(p->parent, c))
			continue;
		snprintf(n->name->engine, sizeof(n->name->engine), "%s", p->engine);
		copy_pattern_id(n->name, p, c, len);
		n->proof = p->proof;
		return true;
	}
	n->proof = PROOF_NAME;
	return is_misread(c->name,
			  (size_t)c->len - (ends_in(c->name, (size_t)c->len, ".scope") ? 6 : 0),
			  n->name);
}

/* One path: its components from the outside in. */
static bool components_of_path(const char *path, size_t len, int most,
			       bool (*visit)(void *arg, const struct cgroup_component *c),
			       void *arg)
{
	struct cgroup_component c = { .parent = "" };
	const char *end = path + len, *p = path;

	while (p < end && most > 0) {
		const char *slash = memchr(p, '/', (size_t)(end - p));

		c.name = p;
		c.len = (int)((slash ? slash : end) - p);
		if (c.len) {
			if (visit(arg, &c))
				return true;
			most--;
		}
		c.parent = c.name;
		c.parent_len = c.len;
		p += c.len + 1;
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

static bool components_of(const char *text, int most,
			  bool (*visit)(void *arg, const struct cgroup_component *c), void *arg)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = path_of(text, len);

		if (path &&
		    components_of_path(path, len - (size_t)(path - text), most, visit, arg))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

bool cgroup_for_each_component(const char *text,
			       bool (*visit)(void *arg, const struct cgroup_component *c),
			       void *arg)
{
	return components_of(text, CGROUP_COMPONENTS_MAX, visit, arg);
}

bool cgroup_names_container(const char *text, struct container_name *out,
			    enum cgroup_proof *proof)
{
	struct naming n = { .name = out, .above = { .parent = "", .name = "" } };
	bool found = components_of(text, INT_MAX, name_component, &n);

	*proof = n.proof;
	return found;
}

static bool is_container(const struct container_name *name, const char *engine, const char *id)
{
	return strcmp(name->engine, engine) == 0 && strcmp(name->id, id) == 0;
}

bool cgroup_is_of(const char *text, const char *engine, const char *id)
{
	struct container_name name;
	enum cgroup_proof proof;

	return cgroup_names_container(text, &name, &proof) && is_container(&name, engine, id);
}

bool cgroups_path_is_of(const char *path, const char *engine, const char *id)
{
	struct container_name name;
	struct naming n = { .name = &name, .above = { .parent = "", .name = "" } };
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;

	return components_of_path(last, strlen(last), 1, name_component, &n) &&
	       is_container(&name, engine, id);
}

void cgroup_last_component(const char *text, char *out, size_t size)
{
	size_t longest = 1;

	out[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = path_of(text, len);
		size_t n = path ? len - (size_t)(path - text) : 0;

		if (n > longest) {
			const char *last = path + n;

			while (last > path && last[-1] != '/')
				last--;
			longest = n;
			snprintf(out, size, "%.*s", (int)(path + n - last), last);
		}
		text += len + (text[len] == '\n');
	}
}
