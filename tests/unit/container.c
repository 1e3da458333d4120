/* SPDX-License-Identifier: Apache-2.0 */
/* Containers told from /proc/PID/cgroup as engines really write it, on v1, v2 and hybrid. */
#include "container.h"
#include "check.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text, *engine, *id; /* engine NULL: no container */
} cases[] = {
	/* v2, systemd driver */
	{ "0::/system.slice/docker-" HEX ".scope\n", "docker", HEX },
	{ "0::/machine.slice/libpod-" HEX ".scope/container\n", "podman", HEX },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" HEX ".scope\n",
	  "podman", HEX },
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
	  "cri-containerd-" HEX ".scope\n",
	  "containerd", HEX },
	{ "0::/kubepods.slice/kubepods-pod1_2.slice/crio-" HEX ".scope\n", "cri-o", HEX },
	{ "0::/system.slice/runc-web.scope\n", "runc", "web" },
	{ "0::/user.slice/crun-web.scope\n", "crun", "web" },
	{ "0::/lxc.payload.web\n", "lxc", "web" },
	{ "0::/lxc.payload.web/system.slice/ssh.service\n", "lxc", "web" },
	{ "0::/machine.slice/machine-web.scope\n", "nspawn", "web" },
	{ "0::/machine.slice/systemd-nspawn@web.service/payload\n", "nspawn", "web" },
	{ "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope\n", "qemu", "1\\x2dvm" },
	/* v1 and hybrid: the path is the controllers', v2's may be the root */
	{ "12:memory:/docker/" HEX "\n11:pids:/docker/" HEX "\n0::/\n", "docker", HEX },
	{ "4:memory:/libpod_parent/libpod-" HEX "\n", "podman", HEX },
	{ "4:memory:/kubepods/besteffort/pod3f/" HEX "\n0::/system.slice/x.service\n", "cri",
	  HEX },
	{ "9:name=systemd:/default/web\n", "containerd", "web" },
	{ "3:cpuset:/lxc/web\n0::/\n", "lxc", "web" },
	{ "0::/lxc.payload/web\n", "lxc", "web" },
	/* what lies below a container's own cgroup is named at its will */
	{ "0::/lxc.payload.web/docker-" HEX ".scope\n", "lxc", "web" },
	{ "0::/system.slice/docker-" HEX ".scope/lxc.payload.evil\n", "docker", HEX },
	/* no containers */
	{ "0::/\n", NULL, NULL },
	{ "", NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-1.scope\n", NULL, NULL },
	{ "0::/system.slice/docker.service\n", NULL, NULL },
	{ "0::/machine.slice/libpod-conmon-" HEX ".scope\n", NULL, NULL },
	{ "0::/lxc.monitor.web\n", NULL, NULL },
	{ "0::/system.slice/docker-notahexid.scope\n", NULL, NULL },
	/* malformed lines */
	{ "garbage\n\n:::\n0:/docker/" HEX "\n", NULL, NULL },
	{ "0::/system.slice/docker-" HEX ".scope", "docker", HEX },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct container_name name = { "", "" };
		bool found;

		check_case = cases[i].text;
		found = container_from_cgroup(cases[i].text, &name);
		CHECK_INT(found, cases[i].engine != NULL);
		if (!found || !cases[i].engine)
			continue;
		CHECK_TEXT(name.engine, cases[i].engine);
		CHECK_TEXT(name.id, cases[i].id);
	}
	return check_end();
}
