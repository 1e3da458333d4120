/* SPDX-License-Identifier: Apache-2.0 */
/* The image that a container was made of, by the files that its engine keeps of it. */
#include "containers/stored_image.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/far_files.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/patience.h"
#include "containers/docker_names.h"
#include "containers/metadata.h"
#include "kernel/sandbox.h"

/* All containers of root's podman: some 700 bytes each, so 6,000 of them. */
#define STORAGE_FILE_MAX (4u << 20)
#define PARSE_TIMEOUT_MS 1000
#define DIGITS           64

static const char digest[] = "sha256:";

/* Those that podman removes at their end (--rm) are in the second. */
static const char storage_files[][32] = { "containers.json", "volatile-containers.json" };

static bool is_digits(const char *text, size_t len)
{
	return len == DIGITS && strspn(text, "0123456789abcdef") >= DIGITS;
}

/* The element of the list that is being read, and what is looked for. */
struct storage_walk {
	const char *id;
	size_t element;
	bool is_it;
	char image[DIGITS + 1], *found;
};

static int visit_storage(void *arg, const struct json_path *path, const struct json_value *v,
			 struct error *err)
{
	struct storage_walk *w = arg;
	bool is_id = json_path_is(path, "*", "id", NULL);

	(void)err;
	if (v->type != JSON_STRING || v->len != DIGITS ||
	    (!is_id && !json_path_is(path, "*", "image", NULL)))
		return 0;
	if (w->element != path->index[0]) {
		w->element = path->index[0];
		w->is_it = false;
		w->image[0] = '\0';
	}
	if (is_id)
		w->is_it = memcmp(v->text, w->id, DIGITS) == 0;
	else
		memcpy(w->image, v->text, DIGITS);
	if (w->is_it && w->image[0])
		memcpy(w->found, w->image, DIGITS);
	return 0;
}

struct storage_text {
	const char *id, *text;
	size_t len;
};

/* In the sandbox: names and labels in that file are whatever their users chose. */
static void parse_storage(const void *arg, void *answer)
{
	const struct storage_text *t = arg;
	struct storage_walk w = { .id = t->id, .element = SIZE_MAX, .found = answer };
	struct error ignored;

	if (json_scan("containers.json", t->text, t->len, visit_storage, NULL, &w, &ignored) <
	    0)
		w.found[0] = '\0';
}

static bool find_in_storage(const char *path, const char *id, char *text,
			    char out[STORED_IMAGE_SIZE])
{
	char found[DIGITS + 1] = "";
	struct error ignored;
	ssize_t len = far_read_file(path, FILE_TRUSTED, text, STORAGE_FILE_MAX, &ignored);
	struct storage_text t = { id, text, len > 0 ? (size_t)len : 0 };

	/* no memory of its own is needed for what is not there */
	if (len <= 0 || !memmem(text, (size_t)len, id, DIGITS) ||
	    json_reserve((size_t)len, &ignored) < 0 ||
	    sandbox_call(parse_storage, &t, found, sizeof(found), PARSE_TIMEOUT_MS, &ignored) <
		    0)
		return false;
	found[DIGITS] = '\0';
	if (!is_digits(found, strlen(found)))
		return false;
	snprintf(out, STORED_IMAGE_SIZE, "%s%s", digest, found);
	return true;
}

static bool is_whole_id(const char *id)
{
	return is_digits(id, strlen(id));
}

bool podman_bundle_of_root(const char *root, const char *id, char *out, size_t size)
{
	size_t len = strlen(root);

	for (int i = 0; i < 2; i++) {
		const char *slash = memrchr(root, '/', len);

		len = slash ? (size_t)(slash - root) : 0;
	}
	return len > 0 && (size_t)snprintf(out, size, "%.*s-containers/%s/userdata", (int)len,
					   root, id) < size;
}

bool podman_image_find(const char *bundle, const char *id, struct stored_image *out)
{
	/* "/ID/userdata" */
	size_t len = strlen(bundle), last = DIGITS + sizeof("//userdata") - 1;
	char *text =
		is_whole_id(id) && len > last ? patience_memory(STORAGE_FILE_MAX + 1) : NULL;
	bool found = false;

	*out = (struct stored_image){ "" };
	if (!text)
		return false;
	for (size_t i = 0; !found && i < ARRAY_SIZE(storage_files); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%.*s/%s", (int)(len - last), bundle,
			     storage_files[i]) < (int)sizeof(path))
			found = find_in_storage(path, id, text, out->id);
	}
	patience_free(text, STORAGE_FILE_MAX + 1);
	return found;
}

bool docker_image_find(const char *id, struct stored_image *out)
{
	const size_t prefix = sizeof(digest) - 1;
	struct metadata m = { 0 };
	struct stored_container c = { .id = id, .metadata = &m };

	*out = (struct stored_image){ "" };
	if (!is_whole_id(id))
		return false;
	docker_image_ids_fill(&c, 1);
	if (strncmp(m.image, digest, prefix) != 0 || !is_whole_id(m.image + prefix))
		return false;
	snprintf(out->id, sizeof(out->id), "%.71s", m.image);
	snprintf(out->project, sizeof(out->project), "%s", m.pod);
	return true;
}
