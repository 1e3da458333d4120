/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers from annotations: which count, and what no name may hold. */
#include "containers/metadata.h"
#include "check.h"

static void take(struct metadata *r, const char *key, const char *value)
{
	metadata_annotation(r, key, value, strlen(value));
}

static void test_keys(void)
{
	struct metadata r = { "" };

	take(&r, "io.kubernetes.cri.sandbox-name", "web-7d9c");
	take(&r, "io.kubernetes.cri.sandbox-namespace", "shop");
	take(&r, "io.kubernetes.cri.container-name", "nginx");
	take(&r, "io.kubernetes.cri.image-name", "docker.io/library/nginx:1.25@sha256:0a");
	CHECK_TEXT(r.pod, "web-7d9c");
	CHECK_TEXT(r.pod_namespace, "shop");
	CHECK_TEXT(r.container, "nginx");
	CHECK_TEXT(r.image, "docker.io/library/nginx:1.25@sha256:0a");
	take(&r, "io.kubernetes.pod.name", "api-0");
	take(&r, "io.kubernetes.pod.namespace", "other");
	take(&r, "io.kubernetes.container.name", "api");
	take(&r, "io.kubernetes.cri-o.ImageName", "quay.io/x");
	CHECK_TEXT(r.pod, "api-0");
	CHECK_TEXT(r.pod_namespace, "other");
	CHECK_TEXT(r.container, "api");
	CHECK_TEXT(r.image, "quay.io/x");
	take(&r, "nerdctl/name", "web");
	CHECK_TEXT(r.container, "web");
	take(&r, "io.kubernetes.pod.uid", "1");
	take(&r, "io.kubernetes.cri.sandbox-name2", "x");
	CHECK_TEXT(r.pod, "api-0");
}

static void test_values(void)
{
	static const char *const bad[] = { "",         "a b",  "a\nb", "a\tb",
					   "\033[31m", "a\"b", "a\\b", "caf\xc3\xa9",
					   "${x}",     "a'b",  "a`b`" };
	struct metadata r = { "" };
	char long_name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_case = bad[i];
		take(&r, "io.kubernetes.pod.name", bad[i]);
		CHECK_TEXT(r.pod, "");
	}
	check_case = "";
	/* a NUL inside, and what is too long by one */
	metadata_annotation(&r, "io.kubernetes.pod.name", "a\0b", 3);
	CHECK_TEXT(r.pod, "");
	memset(long_name, 'x', sizeof(long_name));
	metadata_annotation(&r, "io.kubernetes.pod.name", long_name, sizeof(r.pod));
	CHECK_TEXT(r.pod, "");
	metadata_annotation(&r, "io.kubernetes.pod.name", long_name, sizeof(r.pod) - 1);
	CHECK_INT(strlen(r.pod), sizeof(r.pod) - 1);
	CHECK_TEXT(r.pod_namespace, "");
}

/* what a process that has gone wrong may send */
static void test_clean(void)
{
	struct metadata r;

	memset(&r, 'y', sizeof(r));
	memcpy(r.pod, "a\nb", 4);
	metadata_clean(&r);
	CHECK_TEXT(r.pod, "");
	CHECK_INT(strlen(r.pod_namespace), sizeof(r.pod_namespace) - 1);
	CHECK_INT(strlen(r.image), sizeof(r.image) - 1);
}

int main(void)
{
	test_keys();
	test_values();
	test_clean();
	CHECK(metadata_may_name("{\"io.kubernetes.pod.name\"", 24));
	CHECK(!metadata_may_name("{\"io.ksm.merge\"", 15));
	return check_end();
}
