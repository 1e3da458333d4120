/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a kubelet, and which runtime does it start its pods by? */
#include "doctor/kubelet.h"

#include <string.h>
#include <unistd.h>

#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/host_files.h"

#define CONFIG_YAML "/var/lib/kubelet/config.yaml"

/* Where kubeadm and packages put it, an option behind the configuration that it goes before. */
static const char *const kubelet_files[] = {
	CONFIG_YAML,
	"/var/lib/kubelet/instance-config.yaml",
	"/var/lib/kubelet/kubeadm-flags.env",
	"/etc/default/kubelet",
	"/etc/sysconfig/kubelet",
};

/* The socket that the line at text names behind the key; NULL: it is a comment, or has none. */
static const char *endpoint_of_line(const char *text, size_t len, const char *key)
{
	const char *at = memmem(text, len, key, strlen(key));
	const char *comment = memchr(text, '#', len);

	if (!at || (comment && comment < at))
		return NULL;
	at += strlen(key);
	return at + strspn(at, "=: \t\"'");
}

enum kubelet_runtime kubelet_runtime_parse(const char *text, enum kubelet_runtime before)
{
	static const char *const keys[] = { "containerRuntimeEndpoint",
					    "--container-runtime-endpoint" };

	while (*text) {
		size_t len = strcspn(text, "\n");

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *at = endpoint_of_line(text, len, keys[i]);
			size_t end = at ? strcspn(at, " \t\r\n\"'") : 0;

			/* an empty one is the default, which is containerd's (kubelet(8)) */
			if (at)
				before = !end || memmem(at, end, "containerd", 10) ?
						 KUBELET_CONTAINERD :
						 KUBELET_OTHER;
		}
		text += len + (text[len] == '\n');
	}
	return before;
}

enum kubelet_runtime kubelet_runtime_of_host(void)
{
	enum kubelet_runtime found = KUBELET_UNKNOWN;
	struct error ignored;

	if (!program_is_installed("kubelet") && far_access(CONFIG_YAML, F_OK) < 0)
		return KUBELET_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(kubelet_files); i++) {
		char *text __cleanup(host_file_free) = NULL;

		if (host_file_read(kubelet_files[i], &text, &ignored) > 0)
			found = kubelet_runtime_parse(text, found);
	}
	return found;
}
