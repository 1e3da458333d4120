/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: daemon.json and Docker's file of a container, and config.json of containerd's
 * bundles. Input, with 0xff between them: daemon.json, config.v2.json, the bundle of a pod's
 * container, nerdctl's. A name is a string of its file as it stands, of Docker's root an absolute path, and
 * nothing is named by annotations that another engine writes.
 */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "fuzz.h"

/*
 * Docker's directories are empty, containerd's have two; not for the linker, since the fuzzer
 * itself lists some.
 */
static char opened_dir[PATH_MAX];

static int fake_open(const char *path)
{
	snprintf(opened_dir, sizeof(opened_dir), "%s", path);
	return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
}

static int fake_dir_for_each(int dirfd, dir_visit visit, void *arg)
{
	int r = strstr(opened_dir, "io.containerd.runtime.v2.task") == NULL;

	if (r == 0)
		r = visit(dirfd, "k8s.io", arg);
	return r == 0 ? visit(dirfd, "default", arg) : 0;
}

#define open(path, flags)            fake_open(path)
#define dir_for_each(fd, visit, arg) fake_dir_for_each(fd, visit, arg)
#include "containers/stored_names.c" /* NOLINT(bugprone-suspicious-include) */

#include "containers/containerd_names.h"
#include "containers/docker_names.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool quotes(struct fuzz_part text, const char *before, const char *value)
{
	char quoted[512];

	snprintf(quoted, sizeof(quoted), "\"%s%s\"", before, value);
	return !value[0] || memmem(text.data, text.size, quoted, strlen(quoted)) != NULL;
}

static bool is_clean_metadata(const struct metadata *m)
{
	struct metadata cleaned = *m;

	metadata_clean(&cleaned);
	return memcmp(&cleaned, m, sizeof(*m)) == 0;
}

static void docker(struct fuzz_part daemon, struct fuzz_part config)
{
	struct metadata m = { "" };
	struct stored_container c = { ID, &m, NULL };

	fake_file("/etc/docker/daemon.json", daemon.data, daemon.size);
	fake_file("/config.v2.json", config.data, config.size);
	/* the data-root itself */
	fake_file(".", NULL, 0);
	docker_names_fill(&c, 1);
	require(opened_dir[0] == '/');
	require(is_clean_metadata(&m) && !m.pod[0] && !m.pod_namespace[0]);
	require(quotes(config, "/", m.container) && quotes(config, "", m.image));
	/* with the image's id the project, which is never none where a label says one */
	m = (struct metadata){ "" };
	docker_image_ids_fill(&c, 1);
	require(!m.container[0] && !m.pod_namespace[0] && quotes(config, "", m.image));
	require(strcmp(m.pod, "?") == 0 ||
		(is_clean_metadata(&m) && quotes(config, "", m.pod)));
	require(!m.pod[0] || memmem(config.data, config.size, "Labels", 6) != NULL ||
		memmem(config.data, config.size, "\\u00", 4) != NULL);
	fake_forget();
}

static void containerd(struct fuzz_part pods, struct fuzz_part nerdctls)
{
	struct metadata m[2] = { { "" }, { "" } };
	struct stored_container c[2] = { { "k8s.io/one", &m[0], NULL },
					 { "default/two", &m[1], NULL } };

	fake_file("one/config.json", pods.data, pods.size);
	fake_file("two/config.json", nerdctls.data, nerdctls.size);
	fake_file(".", NULL, 0);
	fake_file("k8s.io", NULL, 0);
	fake_file("default", NULL, 0);
	containerd_names_fill(c, 2);
	require(is_clean_metadata(&m[0]) && is_clean_metadata(&m[1]));
	require(quotes(pods, "", m[0].pod) && quotes(pods, "", m[0].pod_namespace) &&
		quotes(pods, "", m[0].container) && quotes(pods, "", m[0].image));
	require(quotes(nerdctls, "", m[1].container));
	require(!m[1].pod[0] && !m[1].pod_namespace[0] && !m[1].image[0]);
	/* a key may be written with escapes */
	require(!m[0].pod[0] || memchr(pods.data, '\\', pods.size) ||
		quotes(pods, "io.kubernetes.cri.container-", "type"));
	require(!m[1].container[0] || memchr(nerdctls.data, '\\', nerdctls.size) ||
		quotes(nerdctls, "nerdctl/", "name"));
	fake_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, daemon = fuzz_next(&rest),
			 config = fuzz_next(&rest), pods = fuzz_next(&rest);

	docker(daemon, config);
	containerd(pods, rest);
	return 0;
}
