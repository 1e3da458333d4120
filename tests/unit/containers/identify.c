/* SPDX-License-Identifier: Apache-2.0 */
/* Containers told from /proc/PID/cgroup as engines really write it, on v1, v2 and hybrid. */
#include "containers/identify.h"

#include "check.h"
#include "contained.h"

#define HEX   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

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
	/* rootless Docker 28.5; a container of runc's in the same place has a name of a user's choice */
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/runc-" HEX ".scope\n",
	  "docker", HEX },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/runc-web.scope\n",
	  "runc", "web" },
	{ "0::/system.slice/runc-" HEX ".scope\n", "runc", HEX },
	{ "0::/user.slice/crun-web.scope\n", "crun", "web" },
	{ "0::/lxc.payload.web\n", "lxc", "web" },
	{ "0::/lxc.payload.web/system.slice/ssh.service\n", "lxc", "web" },
	{ "0::/machine.slice/machine-web.scope\n", "nspawn", "web" },
	{ "0::/machine.slice/systemd-nspawn@web.service/payload\n", "nspawn", "web" },
	{ "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope\n", "qemu", "1-vm" },
	{ "0::/machine.slice/machine-my\\x2dbox.scope\n", "nspawn", "my-box" },
	{ "0::/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope\n", "libvirt-lxc", "4711-web" },
	{ "0::/machine.slice/machine-bad\\xzz.scope\n", "nspawn", "bad\\xzz" },
	{ "0::/machine.slice/web.scope/payload\n", "nspawn", "web" },
	{ "0::/machine.slice/my\\x20box.scope/payload/system.slice/ssh.service\n", "nspawn",
	  "my box" },
	{ "0::/user.slice/user-1000.slice/user@1000.service/machine.slice/web.scope/payload\n",
	  "nspawn", "web" },
	{ "0::/machine.slice/web.scope/supervisor\n", NULL, NULL },
	{ "0::/system.slice/web.scope/payload\n", NULL, NULL },
	{ "0::/machine.slice/web/payload\n", NULL, NULL },
	/* podman: a pod's slice is no machine; Quadlet; inside a container with systemd */
	{ "0::/machine.slice/machine-libpod_pod_" HEX ".slice/libpod-" HEX ".scope\n", "podman",
	  HEX },
	{ "0::/system.slice/web.service/libpod-payload-" HEX "\n", "podman", HEX },
	{ "0::/machine.slice/libpod-" HEX ".scope/container/system.slice/ssh.service\n",
	  "podman", HEX },
	{ "0::/libpod_parent/" OTHER "/libpod-" HEX "/container\n", "podman", HEX },
	{ "0::/libpod_parent/" OTHER "/libpod-conmon-" HEX "\n", NULL, NULL },
	{ "0::/libpod_parent/libpod-" HEX "/container\n", "podman", HEX },
	/* a kubelet with cri-dockerd; with the cgroupfs driver on v2; guaranteed pods */
	{ "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podab_cd.slice/"
	  "docker-" HEX ".scope\n",
	  "docker", HEX },
	{ "0::/kubepods/burstable/podab-cd/" HEX "\n", "cri", HEX },
	{ "0::/kubepods/podab-cd/crio-" HEX "\n", "cri-o", HEX },
	{ "0::/kubepods.slice/kubepods-podab.slice/crio-" HEX ".scope/container\n", "cri-o",
	  HEX },
	{ "0::/kubepods.slice/kubepods-podab.slice/crio-conmon-" HEX ".scope\n", NULL, NULL },
	/* the systemd driver's notation in a runtime without it */
	{ "0::/system.slice/containerd.service/"
	  "kubepods-burstable-podab.slice:cri-containerd:" HEX "\n",
	  "containerd", HEX },
	{ "5:devices:/system.slice:docker:" HEX "\n0::/\n", "docker", HEX },
	/* containerd's other namespaces, nerdctl */
	{ "0::/k8s.io/" HEX "\n", "containerd", HEX },
	{ "0::/default/" HEX "\n", "containerd", HEX },
	{ "0::/system.slice/nerdctl-" HEX ".scope\n", "containerd", HEX },
	/* a parent of the caller's choice; docker in docker; seen from a cgroup namespace */
	{ "0::/ecs/0123/" HEX "\n", "oci", HEX },
	{ "4:memory:/docker/" HEX "/docker/ffff456789abcdef0123456789abcdef0123456789abcdef"
	  "0123456789abcdef\n",
	  "docker", HEX },
	{ "0::/../../docker/" HEX "\n", "docker", HEX },
	/* LXC 2 and 3, Proxmox, Incus projects, as a user */
	{ "11:memory:/lxc/101/ns\n", "lxc", "101" },
	{ "0::/lxc/101/ns/init.scope\n", "lxc", "101" },
	{ "0::/lxc.payload.project_web/init.scope\n", "lxc", "project_web" },
	{ "0::/user.slice/user-1000.slice/user@1000.service/lxc.payload.web\n", "lxc", "web" },
	/* hybrid: systemd's hierarchy names it, v2's does not, and the other way round */
	{ "1:name=systemd:/machine.slice/machine-web.scope\n0::/\n", "nspawn", "web" },
	{ "4:memory:/\n1:name=systemd:/\n0::/machine.slice/libpod-" HEX ".scope\n", "podman",
	  HEX },
	/* slices are none */
	{ "0::/machine.slice/machine-web.slice\n", NULL, NULL },
	{ "0::/system.slice/runc-web.slice\n", NULL, NULL },
	/* v1 and hybrid: the path is the controllers', v2's may be the root */
	{ "12:memory:/docker/" HEX "\n11:pids:/docker/" HEX "\n0::/\n", "docker", HEX },
	{ "4:memory:/libpod_parent/libpod-" HEX "\n", "podman", HEX },
	{ "4:memory:/kubepods/besteffort/pod3f/" HEX "\n0::/system.slice/x.service\n", "cri",
	  HEX },
	{ "9:name=systemd:/default/web\n", "containerd", "default/web" },
	{ "0::/k8s.io/web\n", "containerd", "k8s.io/web" },
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
	/* an id has 64 digits, and nothing else */
	{ "0::/system.slice/docker-" HEX "0.scope\n", NULL, NULL },
	{ "0::/system.slice/docker-x123456789abcdef0123456789abcdef0123456789abcdef0123456789"
	  "abcdef.scope\n",
	  NULL, NULL },
	{ "0::/" HEX "0\n", NULL, NULL },
	{ "0::/x:docker:" HEX "0\n", NULL, NULL },
	{ "0::/:docker:" HEX "\n", "docker", HEX },
	{ "0::/x:libpod:" HEX "\n", "podman", HEX },
	{ "0::/x:crio:" HEX "\n", "cri-o", HEX },
	{ "0::/x:nerdctl:" HEX "\n", "containerd", HEX },
	{ "0::/x:other:" HEX "\n", NULL, NULL },
	/* a prefix alone names nothing */
	{ "0::/system.slice/runc-.scope\n", NULL, NULL },
	{ "0::/lxc.payload.\n", NULL, NULL },
	{ "0::/pod/" HEX "\n", "oci", HEX },
	{ "0::/kubepods/" HEX "\n", "oci", HEX },
	{ "0::/podx/" HEX "\n", "cri", HEX },
	{ "0::/kubepods-x.slice/" HEX "\n", "cri", HEX },
	{ "0::/buildah-" HEX "\n", "buildah", HEX },
	{ "0::/other.slice/machine-web.scope\n", NULL, NULL },
	{ "0::/other/web\n", NULL, NULL },
	/* \xNN of systemd: whole, and no NUL */
	{ "0::/machine.slice/machine-a\\x2.scope\n", "nspawn", "a\\x2" },
	{ "0::/machine.slice/machine-a\\x00b.scope\n", "nspawn", "a\\x00b" },
	{ "0::/system.slice/runc-a\\x2db.scope\n", "runc", "a\\x2db" },
	/* a service of the host's, whatever it is called; nspawn's are containers */
	{ "0::/system.slice/runc-web.service\n", NULL, NULL },
	{ "0::/system.slice/crun-web.service/sub\n", NULL, NULL },
	{ "0::/system.slice/docker-" HEX ".service\n", NULL, NULL },
	{ "0::/system.slice/lxc.payload.web.service\n", NULL, NULL },
	{ "0::/machine.slice/machine-web.service\n", NULL, NULL },
	{ "0::/system.slice/runc-web.service/docker-" HEX ".scope\n", "docker", HEX },
	{ "0::/lxc/web.service\n", "lxc", "web.service" },
	{ "0::/system.slice/crun-web.service\n", NULL, NULL },
	{ "0::/runc-web\n", NULL, NULL },
	/* malformed lines */
	{ "garbage\n\n:::\n0:/docker/" HEX "\n", NULL, NULL },
	{ "0::/system.slice/docker-" HEX ".scope", "docker", HEX },
};

/* The same where the namespaces have a say, as seen with the programs that are named. */
enum { U = SHARE_UNKNOWN, H = SHARE_HOSTS, O = SHARE_OWN };
static const struct {
	const char *text;
	int pids, mounts;
	enum root_kind root;
	const char *engine, *id;
} places[] = {
	/* plain runc and crun: a cgroup of the user's choice, the caller's, or none */
	{ "0::/web\n", O, O, ROOT_OWN, "oci", "web" },
	{ "0::/user.slice/user-1000.slice/session-1.scope\n", O, O, ROOT_OWN, "oci",
	  "session-1.scope" },
	{ "0::/\n", O, O, ROOT_OWN, "oci", "" },
	{ "", O, O, ROOT_OWN, "oci", "" },
	{ "12:pids:/x\n0::/\n", O, O, ROOT_OWN, "oci", "x" },
	/* pasta of rootless podman 5, of a quadlet of a user's, and in rootless-netns */
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/q1.service/runtime\n", O,
	  O, ROOT_NOEXEC, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
	  "rootless-netns-44a0b6c2.scope\n",
	  O, O, ROOT_NOEXEC, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/podman-1.scope\n", O, O,
	  ROOT_NOEXEC, NULL, NULL },
	/* its pause process, conmon, slirp4netns: the host's processes but for mounts */
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
	  "podman-pause-30373da3.scope\n",
	  H, O, ROOT_HOSTS, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/q1.service/runtime\n", H,
	  O, ROOT_HOSTS, NULL, NULL },
	/* systemd: PrivatePIDs=yes; with a root of its own too; ProtectSystem= alone */
	{ "0::/system.slice/priv.service\n", O, O, ROOT_HOSTS, NULL, NULL },
	{ "0::/system.slice/rootd.service\n", O, O, ROOT_OWN, "oci", "rootd.service" },
	{ "0::/system.slice/systemd-logind.service\n", H, O, ROOT_HOSTS, NULL, NULL },
	{ "0::/system.slice/chrony.service\n", H, O, ROOT_OWN, NULL, NULL },
	/* unshare -pm, chroot -, ip netns exec, a browser's zygote */
	{ "0::/user.slice/user-0.slice/session-1.scope\n", O, O, ROOT_HOSTS, NULL, NULL },
	{ "0::/user.slice/user-0.slice/session-1.scope\n", H, H, ROOT_OWN, NULL, NULL },
	{ "0::/user.slice/user-0.slice/session-1.scope\n", H, O, ROOT_OWN, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-2.scope\n", O, H, ROOT_OWN, NULL, NULL },
	/* bubblewrap and Flatpak: all that makes a container */
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "app-flatpak-org.gnome.Maps-4711.scope\n",
	  O, O, ROOT_OWN, "oci", "app-flatpak-org.gnome.Maps-4711.scope" },
	/* whoever may not look */
	{ "0::/user.slice/user-1000.slice/session-1.scope\n", U, U, ROOT_HOSTS, NULL, NULL },
	/* an engine's name suffices: --pid=host, --privileged, a VM */
	{ "0::/system.slice/docker-" HEX ".scope\n", H, O, ROOT_HOSTS, "docker", HEX },
	{ "0::/machine.slice/libpod-" HEX ".scope/container\n", H, H, ROOT_HOSTS, "podman",
	  HEX },
	{ "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n", H, O,
	  ROOT_HOSTS, "qemu", "1-vm" },
	{ "0::/lxc.payload.web\n", H, O, ROOT_HOSTS, "lxc", "web" },
	/* the supervisors of machines, in a cgroup of their own or not */
	{ "0::/machine.slice/systemd-nspawn@web.service/supervisor\n", H, H, ROOT_HOSTS, NULL,
	  NULL },
	{ "0::/machine.slice/systemd-nspawn@web.service/payload\n", O, O, ROOT_OWN, "nspawn",
	  "web" },
	{ "1:name=systemd:/machine.slice/systemd-nspawn@web.service\n0::/\n", H, H, ROOT_HOSTS,
	  NULL, NULL },
	{ "1:name=systemd:/machine.slice/systemd-nspawn@web.service\n0::/\n", O, O, ROOT_OWN,
	  "nspawn", "web" },
	{ "0::/machine.slice/web.scope/payload\n", O, O, ROOT_OWN, "nspawn", "web" },
	{ "0::/machine.slice/web.scope/supervisor\n", H, H, ROOT_HOSTS, NULL, NULL },
	{ "0::/machine.slice/machine-web.scope\n", U, U, ROOT_HOSTS, "nspawn", "web" },
	{ "0::/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope/libvirt\n", H, O, ROOT_HOSTS,
	  NULL, NULL },
	{ "0::/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope/libvirt\n", O, O, ROOT_OWN,
	  "libvirt-lxc", "4711-web" },
	/* units and cgroups of the host that are called as runc's and containerd's are */
	{ "0::/system.slice/runc-build.service\n", H, H, ROOT_HOSTS, NULL, NULL },
	{ "0::/system.slice/runc-build.scope\n", H, H, ROOT_HOSTS, NULL, NULL },
	{ "0::/system.slice/runc-build.scope\n", H, O, ROOT_HOSTS, "runc", "build" },
	{ "3:cpu:/default/batch\n", H, H, ROOT_HOSTS, NULL, NULL },
	{ "3:cpu:/default/batch\n", H, O, ROOT_HOSTS, "containerd", "default/batch" },
	/* a namespace of containerd's that is not known by its name alone */
	{ "0::/prod/web\n", O, O, ROOT_OWN, "oci", "web" },
};

static void check_places(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct process_place p = { places[i].text, (enum place_share)places[i].pids,
					   (enum place_share)places[i].mounts, places[i].root };
		struct container_name name = { "", "" };
		bool found;

		check_case = places[i].text;
		found = container_from_place(&p, &name);
		CHECK_INT(found, places[i].engine != NULL);
		if (!found || !places[i].engine)
			continue;
		CHECK_TEXT(name.engine, places[i].engine);
		CHECK_TEXT(name.id, places[i].id);
	}
}

static const struct {
	const char *text, *id;
} openvz[] = {
	/* OpenVZ 6: a number; 7: any name; the host is 0 */
	{ "101", "101" },
	{ "8c2f3e1a-0000-4000-8000-0123456789ab", "8c2f3e1a-0000-4000-8000-0123456789ab" },
	{ "0", NULL },
	{ "", NULL },
	{ "10", "10" },
	{ "a", "a" },
	{ "0x", "0x" },
	{ "7 8", "7" },
	{ "7\n8", "7" },
};

/* How names are put in order, and how much of an id is shown. */
static void names(void)
{
	static const struct container_name a = { "docker", "b" }, b = { "docker", "c" },
					   c = { "lxc", "a" };

	CHECK(container_name_compare(&a, &a) == 0);
	CHECK(container_name_compare(&a, &b) < 0 && container_name_compare(&b, &a) > 0);
	CHECK(container_name_compare(&b, &c) < 0 && container_name_compare(&c, &b) > 0);
	CHECK_INT(container_id_shown(HEX), 12);
	CHECK_INT(container_id_shown(HEX "0"), 65);
	CHECK_INT(container_id_shown("a-name-of-more-than-12-letters"), 30);
	CHECK_INT(container_id_shown(""), 0);
}

static void of_openvz(void)
{
	for (size_t i = 0; i < sizeof(openvz) / sizeof(*openvz); i++) {
		struct container_name name = { "", "" };

		check_case = openvz[i].text;
		CHECK_INT(container_from_envid(openvz[i].text, &name), openvz[i].id != NULL);
		if (openvz[i].id) {
			CHECK_TEXT(name.engine, "openvz");
			CHECK_TEXT(name.id, openvz[i].id);
		}
	}
}

static void of_cgroups(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct process_place p = { .pids = SHARE_OWN, .mounts = SHARE_OWN };
		struct container_name name = { "", "" };
		bool found;

		check_case = cases[i].text;
		p.cgroup = cases[i].text;
		found = container_from_place(&p, &name);
		CHECK_INT(found, cases[i].engine != NULL);
		if (!found || !cases[i].engine)
			continue;
		CHECK_TEXT(name.engine, cases[i].engine);
		CHECK_TEXT(name.id, cases[i].id);
	}
}

/* What is in no container has a key too, and another one. */
static void keys(void)
{
	char *args[] = { "starter", NULL };
	struct container_name name, host = { "host", "" };
	struct contained c;
	uint64_t ours;

	container_host_name(getpid(), &host);
	CHECK(container_key(getpid()) == container_name_hash(&host) ||
	      container_of(getpid(), &name));
	if (geteuid() != 0 || container_of(getpid(), &name))
		return;
	ours = container_key(getpid());
	if (contained_start(&c, "starter", args)) {
		CHECK(container_of(c.pid, &name));
		CHECK(container_key(c.pid) == container_name_hash(&name));
		CHECK(container_key(c.pid) != ours);
	}
	contained_end(&c);
}

int main(void)
{
	contained_main();
	RUN(keys);
	RUN(names);
	RUN(check_places);
	RUN(of_openvz);
	RUN(of_cgroups);
	return check_end();
}
