/* SPDX-License-Identifier: Apache-2.0 */
/* What engines call their containers: CRI-O's names, containerd's bundles. */
#include "containers/engine_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"
#include "containers/containerd_names.h"
#include "policy/annotations.h"

/* 64 digits each */
#define WEB   "aaaa0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777"
#define PAUSE "bbbb0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777"
#define OWN   "cccc0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777"
#define DB    "dddd0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777"
#define NONE  "eeee0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777"

static const char *label(const struct metadata *m)
{
	static char text[METADATA_LABEL_MAX];

	return metadata_label(m, text, sizeof(text));
}

static void test_crio_names(void)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "k8s_nginx_web-1_shop_0e1c4f0a-7d4b-4b0e-9a53-1f6c2d1f7b6e_0",
		  "shop/web-1/nginx" },
		{ "k8s_POD_web-1_shop_0e1c4f0a-7d4b-4b0e-9a53-1f6c2d1f7b6e_0",
		  "shop/web-1/(sandbox)" },
		{ "k8s_POD2_web.1_shop_0_0", "shop/web.1/POD2" },
		{ "k8s_nginx_web-1_shop", NULL },
		{ "k8s_nginx_web-1", NULL },
		{ "k8s_", NULL },
		{ "k8s", NULL },
		{ "", NULL },
		{ "web", NULL },
		{ "K8S_nginx_web-1_shop_0_0", NULL },
		/* no name of a pod holds that */
		{ "k8s_nginx_we b_shop_0_0", NULL },
		{ "k8s_nginx__shop_0_0", NULL },
		{ "k8s_nginx_w__0_0", NULL },
		{ "k8s_n_w_s_0_0", "s/w/n" },
		{ "k8s__w_s_0_0", "s/w/(sandbox)" },
		{ "k8s_POD_POD_POD_0_0", "POD/POD/(sandbox)" },
		{ "k8s_PO_w_s_0_0", "s/w/PO" },
		{ "k8s_POX_w_s_0_0", "s/w/POX" },
		{ "k8snginx_w_s_0_0", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct metadata m;

		check_case = cases[i].name;
		CHECK(crio_name_parse(cases[i].name, &m) == (cases[i].want != NULL));
		if (cases[i].want)
			CHECK_TEXT(label(&m), cases[i].want);
	}
}

/* What the monitor of a container calls it, where its engine has one, or is not known. */
static void test_monitors(void)
{
	static const struct {
		const char *engine, *id, *name, *want;
	} cases[] = {
		{ "podman", "5f3c", "web", "web" },
		{ "oci", "5f3c", "web", "web" },
		{ "cri-o", "5f3c", "web", "web" },
		{ "cri", "5f3c", "web", "web" },
		{ "cri-o", "5f3c", "k8s_nginx_web-1_shop_0_0", "shop/web-1/nginx" },
		{ "cri", "5f3c", "k8s_nginx_w_s_0_0", "s/w/nginx" },
		{ "oci", "5f3c", "k8s_nginx_w_s_0_0", "s/w/nginx" },
		{ "cri-o", "5f3c", "k8s_POD_w_s_0_0", "s/w/(sandbox)" },
		/* of a user, who may choose a name that looks so */
		{ "podman", "5f3c", "k8s_nginx_w_s_0_0", "k8s_nginx_w_s_0_0" },
		{ "docker", "5f3c", "web", "" },
		{ "containerd", "5f3c", "web", "" },
		{ "lxc", "5f3c", "web", "" },
		{ "podman", "5f3d", "web", "" },
		{ "cri-o", "5f3", "web", "" },
	};
	char *args[] = { "conmon", "-c", "5f3c", "-n", NULL, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_name name = { "", "" };
		struct metadata m = { "" };
		struct named_container c = { &name, 0, &m, NULL };
		struct contained in;

		check_case = cases[i].engine;
		args[4] = (char *)cases[i].name;
		if (!contained_start(&in, "conmon", args)) {
			contained_end(&in);
			CHECK(true); /* where a test may not make namespaces */
			continue;
		}
		snprintf(name.engine, sizeof(name.engine), "%s", cases[i].engine);
		snprintf(name.id, sizeof(name.id), "%s", cases[i].id);
		c.pid = in.pid;
		engine_names_fill(&c, 1);
		CHECK_TEXT(label(&m), cases[i].want);
		contained_end(&in);
	}
	check_case = "";
}

static void make_dirs(const char *path)
{
	char part[300];

	for (const char *p = path; (p = strchr(p + 1, '/')) != NULL;) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0711) < 0 && errno != EEXIST)
			abort();
	}
}

static void make_bundle(const char *state, const char *name, const char *json, mode_t mode)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/config.json", state, name);
	make_dirs(path);
	f = fopen(path, "w");
	if (!f || fputs(json, f) < 0 || fclose(f) != 0 || chmod(path, mode) < 0)
		abort();
}

static void make_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

#define CRI(name, type)                                                                     \
	"{\"ociVersion\":\"1.1.0\",\"process\":{\"env\":[\"io.kubernetes.cri.sandbox-name=" \
	"env\","                                                                            \
	"\"annotations\"]},\"annotations\":{" name                                          \
	"\"io.kubernetes.cri.container-type\":\"" type "\","                                \
	"\"io.kubernetes.cri.image-name\":\"docker.io/library/nginx:1.25\","                \
	"\"io.kubernetes.cri.sandbox-id\":\"" PAUSE "\","                                   \
	"\"io.kubernetes.cri.sandbox-name\":\"web-1\","                                     \
	"\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"nerdctl/name\":\"forged\"}}"
#define CALLED(name) "\"io.kubernetes.cri.container-name\":\"" name "\","
#define NERDCTL(name)                                                                  \
	"{\"hostname\":\"nerdctl/name\",\"annotations\":{\"com.example/name\":\"no\"," \
	"\"io.kubernetes.cri.container-type\":\"container\","                          \
	"\"io.kubernetes.cri.sandbox-name\":\"forged\","                               \
	"\"io.kubernetes.cri.sandbox-namespace\":\"forged\",\"nerdctl/name\":\"" name "\"}}"

/* What the state directory has of a container, and what it is called then. */
static const struct {
	const char *bundle, *json, *engine, *id, *want, *image;
	mode_t mode;
} bundles[] = {
	{ "k8s.io/" WEB, CRI(CALLED("nginx"), "container"), "containerd", WEB,
	  "shop/web-1/nginx", "docker.io/library/nginx:1.25", 0644 },
	/* a pod's own container has neither from containerd, so these are the pod's word */
	{ "k8s.io/" PAUSE, CRI(CALLED("forged"), "sandbox"), "cri", PAUSE,
	  "shop/web-1/(sandbox)", "", 0644 },
	/* none of the CRI plugin's: nothing of it is its word */
	{ "k8s.io/" OWN,
	  "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"forged\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"forged\",\"nerdctl/name\":\"forged\"}}",
	  "containerd", OWN, "", "", 0644 },
	{ "default/" DB, NERDCTL("db"), "containerd", DB, "db", "", 0644 },
	/* in a cgroup of the user's choice */
	{ "team.a/" DB, NERDCTL("db2"), "oci", DB, "db2", "", 0600 },
	{ "team.a/one", NERDCTL("first"), "containerd", "team.a/one", "first", "", 0644 },
	{ "team/one", NERDCTL("second"), "containerd", "team/one", "second", "", 0644 },
	/* of another engine: not asked for */
	{ "default/" DB, NERDCTL("db"), "podman", DB, "", "", 0644 },
	{ "default/" DB, NERDCTL("db"), "docker", DB, "", "", 0644 },
	/* Docker names its own */
	{ "moby/" DB, NERDCTL("db"), "containerd", DB, "", "", 0644 },
	/* others may write to it */
	{ "default/" DB, NERDCTL("db"), "containerd", DB, "", "", 0666 },
	{ "default/" DB, NERDCTL("\\u0064b"), "containerd", DB, "", "", 0644 },
	{ "default/" DB, NERDCTL("d b"), "containerd", DB, "", "", 0644 },
	{ "default/" DB, NERDCTL("\\u001b[2J"), "containerd", DB, "", "", 0644 },
	{ "default/" DB, "{\"annotations\":{\"nerdctl/name\":{\"nerdctl/name\":\"db\"}}}",
	  "containerd", DB, "", "", 0644 },
	{ "default/" DB, "{\"annotations\":{\"nerdctl/name\":\"db\"}", "containerd", DB, "", "",
	  0644 },
	{ "default/" DB, "", "containerd", DB, "", "", 0644 },
	{ "default/x", NERDCTL("db"), "containerd", "../default/x", "", "", 0644 },
	{ "default/x", NERDCTL("db"), "containerd", "default/../default/x", "", "", 0644 },
	{ "default/x", NERDCTL("db"), "containerd", "default/", "", "", 0644 },
	{ "default/x", NERDCTL("db"), "containerd", "x", "", "", 0644 },
	{ "default/x", NERDCTL("db"), "containerd", NONE, "", "", 0644 },
};

static void check_bundle(size_t i, const char *state)
{
	struct container_name name = { "", "" };
	struct metadata m = { "" };
	struct named_container c = { &name, 1, &m, NULL };

	snprintf(name.engine, sizeof(name.engine), "%s", bundles[i].engine);
	snprintf(name.id, sizeof(name.id), "%s", bundles[i].id);
	check_case = bundles[i].bundle;
	if (mount("run", "/run", "tmpfs", 0, "mode=755") < 0)
		abort();
	make_bundle(state, bundles[i].bundle, bundles[i].json, bundles[i].mode);
	engine_names_fill(&c, 1);
	CHECK_TEXT(label(&m), bundles[i].want);
	CHECK_TEXT(m.image, bundles[i].image);
	umount("/run");
}

/* What the hook has stored of them, and Docker's own files. */
static void check_stored(void)
{
	struct container_name name[4] = {
		{ "docker", WEB }, { "docker", OWN }, { "containerd", OWN }, { "docker", DB }
	};
	struct metadata m[4] = { { "" }, { "" }, { "" }, { "" } },
			stored = { .container = "stored" },
			of_pod = { .pod = "web", .pod_namespace = "shop" };
	struct named_container c[4];

	check_case = "stored";
	if (mount("run", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mount("docker", "/var/lib", "tmpfs", 0, "mode=755") < 0)
		abort();
	make_bundle("/var/lib/docker/containers", OWN "/x", "", 0644);
	make_file("/var/lib/docker/containers/" OWN "/config.v2.json",
		  "{\"Name\":\"/shop\",\"Config\":{\"Image\":\"nginx\"}}");
	make_bundle("/var/lib/docker/containers", DB "/x", "", 0644);
	make_file("/var/lib/docker/containers/" DB "/config.v2.json", "{\"Name\":\"/no\"}");
	make_bundle("/var/lib/docker/containers", WEB "/x", "", 0644);
	make_file("/var/lib/docker/containers/" WEB "/config.v2.json", "{\"Name\":\"/no\"}");
	metadata_write(WEB, 0, &stored);
	metadata_write(DB, 0, &of_pod);
	for (size_t i = 0; i < 4; i++)
		c[i] = (struct named_container){ &name[i], 1, &m[i], NULL };
	engine_names_fill(c, 4);
	CHECK_TEXT(label(&m[0]), "stored");
	CHECK_TEXT(label(&m[1]), "shop");
	CHECK_TEXT(m[1].image, "nginx");
	CHECK_TEXT(label(&m[2]), "");
	CHECK_TEXT(label(&m[3]), "shop/web/(sandbox)");
	umount("/var/lib");
	umount("/run");
}

/* All that there are at once, more than one sandbox takes. */
static void check_many(void)
{
	enum { MANY = 450 };
	static struct container_name name[MANY];
	static struct metadata m[MANY];
	static struct named_container c[MANY];
	size_t right = 0;

	check_case = "many";
	if (mount("run", "/run", "tmpfs", 0, "mode=755") < 0)
		abort();
	for (size_t i = 0; i < MANY; i++) {
		char bundle[100], json[200];

		snprintf(name[i].engine, sizeof(name[i].engine), "containerd");
		snprintf(name[i].id, sizeof(name[i].id), "%064zx", i);
		snprintf(bundle, sizeof(bundle), "default/%064zx", i);
		snprintf(json, sizeof(json), "{\"annotations\":{\"nerdctl/name\":\"n%zu\"}}",
			 i);
		if (i % 3)
			make_bundle(containerd_states[0], bundle, json, 0644);
		c[i] = (struct named_container){ &name[i], 1, &m[i], NULL };
	}
	engine_names_fill(c, MANY);
	for (size_t i = 0; i < MANY; i++) {
		char want[20] = "";

		if (i % 3)
			snprintf(want, sizeof(want), "n%zu", i);
		right += strcmp(m[i].container, want) == 0;
	}
	CHECK_INT(right, MANY);
	umount("/run");
}

static void test_bundles(void)
{
	int status = 0, failed = check_failed;
	pid_t pid;

	if (geteuid() != 0) {
		CHECK(true);
		return;
	}
	/* a /run of its own */
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(125);
		for (size_t i = 0; i < ARRAY_SIZE(bundles); i++)
			check_bundle(i, containerd_states[i % 3]);
		check_stored();
		check_many();
		fflush(stdout);
		_exit(check_failed > failed);
	}
	waitpid(pid, &status, 0);
	/* where a test may not mount: nothing that could be looked at */
	CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 125));
}

/* The keys are those that rules about such a container believe (policy/annotations.c). */
static void test_keys_are_the_policys(void)
{
	static const enum trusted_key keys[] = { TRUSTED_NAMESPACE, TRUSTED_POD,
						 TRUSTED_CONTAINER, TRUSTED_IMAGE };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_HAS(CRI(CALLED("x"), "container"),
			  trusted_source(ENGINE_CONTAINERD_CRI, keys[i]));
}

int main(void)
{
	contained_main();
	RUN(test_monitors);
	RUN(test_crio_names);
	RUN(test_bundles);
	RUN(test_keys_are_the_policys);
	return check_end();
}
