/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine a bundle is of: paths as engines make them, and as others would. */
#include "policy/engine.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "containers/cgroup_name.h"

#define ID      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER   "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define STORAGE "/s/overlay-containers/" ID "/userdata"
#define TASK    "/io.containerd.runtime.v2.task/"

static const struct {
	const char *bundle, *id;
	const char *cgroup; /* linux.cgroupsPath, or the text of /proc/PID/cgroup */
	enum container_engine engine;
} table[] = {
	{ "/run/containerd" TASK "k8s.io/" ID, ID, NULL, ENGINE_CONTAINERD_CRI },
	{ "/run/k3s/containerd" TASK "k8s.io/" ID, ID, NULL, ENGINE_CONTAINERD_CRI },
	{ "/run/containerd" TASK "default/web", "web", NULL, ENGINE_CONTAINERD },
	{ "/run/containerd" TASK "k8s.io.example/web", "web", NULL, ENGINE_CONTAINERD },
	{ "/run/containerd" TASK "moby/" ID, ID, NULL, ENGINE_DOCKER },
	{ "/var/run/docker/containerd/daemon" TASK "moby/" ID, ID, NULL, ENGINE_DOCKER },
	/* another container's, another place */
	{ "/run/containerd" TASK "k8s.io/" ID, "web", NULL, ENGINE_UNKNOWN },
	{ "/run/containerd" TASK "k8s.io/x/" ID, ID, NULL, ENGINE_UNKNOWN },
	{ "/run/containerd" TASK ID, ID, NULL, ENGINE_UNKNOWN },
	{ "/run/containerd" TASK "/" ID, ID, NULL, ENGINE_UNKNOWN },
	{ "/run/containerd/x" TASK "k8s.io" TASK "default/" ID, ID, NULL, ENGINE_CONTAINERD },
	{ "/run/containerd/io.containerd.runtime.v2.taskk8s.io/" ID, ID, NULL, ENGINE_UNKNOWN },
	/* containers/storage */
	{ "/var/lib/containers/storage/overlay-containers/" ID "/userdata", ID, NULL,
	  ENGINE_PODMAN },
	{ "/s/vfs-containers/" ID "/userdata", ID, "/machine.slice/libpod-" ID ".scope",
	  ENGINE_PODMAN },
	{ "/run/containers/storage/overlay-containers/" ID "/userdata", ID,
	  "0::/kubepods.slice/x.slice/crio-" ID ".scope\n", ENGINE_CRIO },
	{ "/s/overlay-containers/" ID "/userdata", ID,
	  "0::/kubepods.slice/x.slice/crio-" ID ".scope/container\n", ENGINE_CRIO },
	{ "/s/overlay-containers/" ID "/userdata", ID, "/kubepods/pod1/crio-" ID, ENGINE_CRIO },
	{ "/s/overlay-containers/" ID "/userdata", ID, "kubepods-x.slice:crio:" ID,
	  ENGINE_CRIO },
	/* a parent that a user of podman chose before there was an id */
	{ "/s/overlay-containers/" ID "/userdata", ID, "/crio-1/libpod-" ID, ENGINE_PODMAN },
	{ "/s/overlay-containers/" ID "/userdata", ID, "/crio-/libpod-" ID, ENGINE_PODMAN },
	{ "/s/overlay-containers/" ID "/userdata", ID, "/x-crio-" ID, ENGINE_PODMAN },
	{ "/s/overlay-containers/" ID "/userdata", ID, "/crio-" ID "x", ENGINE_PODMAN },
	{ "/s/overlay-containers/" ID "/userdata", ID, "/crio-conmon-" ID, ENGINE_PODMAN },
	{ "/s/overlay-containers/" ID "/userdata", "x", "/crio-x", ENGINE_UNKNOWN },
	{ "-containers/" ID "/userdata", ID, NULL, ENGINE_UNKNOWN },
	{ "x-containers/" ID "/userdata", ID, NULL, ENGINE_PODMAN },
	{ "containers/" ID "/userdata", ID, NULL, ENGINE_UNKNOWN },
	{ ID "/userdata", ID, NULL, ENGINE_UNKNOWN },
	{ "/s/overlay-containers/" ID, ID, NULL, ENGINE_UNKNOWN },
	{ "/s/overlay/" ID "/userdata", ID, NULL, ENGINE_UNKNOWN },
	/* a cgroup that the container made below its own (nested), or that a user chose above it */
	{ STORAGE, ID, "0::/machine.slice/libpod-" ID ".scope/crio-" ID "\n", ENGINE_PODMAN },
	{ STORAGE, ID, "0::/machine.slice/libpod-" ID ".scope/container/crio-" ID ".scope\n",
	  ENGINE_PODMAN },
	{ STORAGE, ID, "0::/libpod_parent/libpod-" ID "/x:crio:" ID "\n", ENGINE_PODMAN },
	{ STORAGE, ID, "1:name=systemd:/x/libpod-" ID "/crio-" ID "\n0::/crio-" ID "\n",
	  ENGINE_PODMAN },
	{ STORAGE, ID, "0::/docker/" ID "/crio-" ID "\n", ENGINE_PODMAN },
	{ STORAGE, ID, "0::/crio-" OTHER "/crio-" ID "\n", ENGINE_PODMAN },
	{ STORAGE, ID, "/crio-" ID "/libpod-" ID, ENGINE_PODMAN },
	/* CRI-O's own, and what a container made below it */
	{ STORAGE, ID, "0::/crio-" ID "/libpod-" ID "\n", ENGINE_CRIO },
	{ STORAGE, ID, "0::/crio-" ID ".scope/crio-" OTHER "\n", ENGINE_CRIO },
	/* CRI-O's cgroup alone is not enough */
	{ "/b", ID, "/crio-" ID, ENGINE_UNKNOWN },
	{ "/tmp/bundle", "web", NULL, ENGINE_UNKNOWN },
	{ "", "", NULL, ENGINE_UNKNOWN },
	{ "/", "", "", ENGINE_UNKNOWN },
	{ "userdata", "", "", ENGINE_UNKNOWN },
	{ "/x-containers//userdata", "", "/crio-", ENGINE_UNKNOWN },
};

static bool is_crio(const char *cgroup, const char *id)
{
	if (!cgroup)
		return false;
	return strchr(cgroup, '\n') ? cgroup_is_of(cgroup, "cri-o", id) :
				      cgroups_path_is_of(cgroup, "cri-o", id);
}

static void bundles(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		check_case = table[i].cgroup ? table[i].cgroup : table[i].bundle;
		CHECK_INT(engine_of_bundle(table[i].bundle, table[i].id,
					   is_crio(table[i].cgroup, table[i].id)),
			  table[i].engine);
		CHECK_INT(engine_bundle_is_storage(table[i].bundle, table[i].id),
			  table[i].engine == ENGINE_PODMAN || table[i].engine == ENGINE_CRIO);
	}
}

static void names(void)
{
	CHECK_TEXT(engine_name(ENGINE_CONTAINERD_CRI), "containerd");
	CHECK_TEXT(engine_name(ENGINE_CONTAINERD), "containerd");
	CHECK_TEXT(engine_name(ENGINE_CRIO), "cri-o");
	CHECK_TEXT(engine_name(ENGINE_DOCKER), "docker");
	CHECK_TEXT(engine_name(ENGINE_PODMAN), "podman");
	CHECK_TEXT(engine_name(ENGINE_LXC), "lxc");
	CHECK(engine_name(ENGINE_UNKNOWN) == NULL && engine_name(ENGINE_COUNT) == NULL);
	CHECK(engine_is_orchestrated(ENGINE_CRIO) &&
	      engine_is_orchestrated(ENGINE_CONTAINERD_CRI));
	CHECK(!engine_is_orchestrated(ENGINE_PODMAN) &&
	      !engine_is_orchestrated(ENGINE_UNKNOWN));
}

int main(void)
{
	RUN(bundles);
	RUN(names);
	return check_end();
}
