/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containerd's containers: Kubernetes' and nerdctl's, from the bundles that it keeps. */
#include "containers/containerd_names.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_reader.h"

/* containerd itself, k3s and RKE2, k0s, MicroK8s */
const char *const containerd_states[CONTAINERD_STATES_N] = {
	"/run/containerd/" CONTAINERD_TASKS,
	"/run/k3s/containerd/" CONTAINERD_TASKS,
	"/run/k0s/containerd/" CONTAINERD_TASKS,
	"/var/snap/microk8s/common/run/containerd/" CONTAINERD_TASKS,
};

/* What understands a file. */
enum { OF_NERDCTL, OF_KUBERNETES };

/* What stored_note() numbers, and by which annotation. */
enum { NAME, IMAGE, POD, POD_NAMESPACE, TYPE };

/*
 * The CRI plugin writes these last, and so over what a pod may have called alike; but a pod's own
 * container, of the type "sandbox", has no name and no image from it (policy/annotations.c).
 */
static const char *const cri_keys[STORED_PLACES_MAX] = {
	[NAME] = "io.kubernetes.cri.container-name",
	[IMAGE] = "io.kubernetes.cri.image-name",
	[POD] = "io.kubernetes.cri.sandbox-name",
	[POD_NAMESPACE] = "io.kubernetes.cri.sandbox-namespace",
	[TYPE] = "io.kubernetes.cri.container-type",
};

static int visit_cri(void *arg, const struct json_path *path, const struct json_value *v,
		     struct error *err)
{
	(void)err;
	if (v->type != JSON_STRING || path->depth != 2 ||
	    !json_path_has(path, 0, "annotations"))
		return 0;
	for (size_t i = 0; i < STORED_PLACES_MAX; i++) {
		if (json_path_has(path, 1, cri_keys[i]))
			stored_note(arg, i, v);
	}
	return 0;
}

/* nerdctl refuses labels of that name from users, and writes it over an image's. */
static int visit_nerdctl(void *arg, const struct json_path *path, const struct json_value *v,
			 struct error *err)
{
	(void)err;
	if (v->type == JSON_STRING && json_path_is(path, "annotations", "nerdctl/name", NULL))
		stored_note(arg, NAME, v);
	return 0;
}

static void take_bundle_value(struct metadata *m, enum metadata_field field,
			      const struct stored_text *t, size_t number)
{
	size_t len;
	const char *value = stored_value(t, number, &len);

	if (value)
		metadata_set(m, field, value, len);
}

static void take_bundle(struct metadata *m, const struct stored_text *t, unsigned visitor)
{
	size_t len;
	const char *type;

	if (visitor == OF_NERDCTL) {
		take_bundle_value(m, METADATA_CONTAINER, t, NAME);
		return;
	}
	type = stored_value(t, TYPE, &len);
	if (!type)
		return;
	take_bundle_value(m, METADATA_POD, t, POD);
	take_bundle_value(m, METADATA_NAMESPACE, t, POD_NAMESPACE);
	if (len == 9 && memcmp(type, "container", 9) == 0) {
		take_bundle_value(m, METADATA_CONTAINER, t, NAME);
		take_bundle_value(m, METADATA_IMAGE, t, IMAGE);
	}
}

/* As containerd has them (identifiers.Validate): no path can be made of it. */
static bool is_identifier(const char *s, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return len > 0 && s[0] != '.' && strspn(s, letters) >= len;
}

static bool is_id(const char *id)
{
	const char *slash = strchr(id, '/');

	if (!slash)
		return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
	return is_identifier(id, (size_t)(slash - id)) &&
	       is_identifier(slash + 1, strlen(slash + 1));
}

/* Docker's containers are named by Docker, whose users write annotations as they like. */
static bool is_namespace(const char *name)
{
	return is_identifier(name, strlen(name)) && strcmp(name, "moby") != 0;
}

static bool bundle_path(char *out, size_t size, const char *dir, const char *id,
			unsigned *visitor)
{
	const char *slash = strchr(id, '/');

	if (!dir[0] ||
	    (slash && (strncmp(dir, id, (size_t)(slash - id)) != 0 || dir[slash - id] != '\0')))
		return false;
	*visitor = strcmp(dir, "k8s.io") == 0 ? OF_KUBERNETES : OF_NERDCTL;
	snprintf(out, size, "%s/config.json", slash ? slash + 1 : id);
	return true;
}

void containerd_names_fill(struct stored_container *c, size_t n)
{
	struct stored_source source = {
		.is_dir = is_namespace,
		.is_id = is_id,
		.path = bundle_path,
		.visit = { [OF_NERDCTL] = visit_nerdctl, [OF_KUBERNETES] = visit_cri },
		.take = take_bundle,
	};

	if (geteuid() != 0)
		return;
	for (size_t i = 0; n && i < CONTAINERD_STATES_N; i++) {
		source.root = containerd_states[i];
		stored_names_fill(&source, c, n);
	}
}
