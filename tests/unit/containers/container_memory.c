/* SPDX-License-Identifier: Apache-2.0 */
/* The memory cgroup of a container, by the names that engines and runtimes give. */
#include "containers/container_memory.h"

#include <limits.h>
#include <unistd.h>

#include "check.h"
#include "kernel/memory_cgroup.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *engine, *id, *path, *cut; /* NULL: it has none of its own */
} cases[] = {
	{ "docker", HEX, "/docker/" HEX, "/docker/" HEX },
	{ "docker", HEX, "/system.slice/docker-" HEX ".scope",
	  "/system.slice/docker-" HEX ".scope" },
	/* systemd in it has cgroups of its own */
	{ "podman", HEX, "/machine.slice/libpod-" HEX ".scope/container/system.slice/x.service",
	  "/machine.slice/libpod-" HEX ".scope" },
	{ "lxc", "web", "/lxc.payload.web/init.scope", "/lxc.payload.web" },
	/* which may be called as the container */
	{ "lxc", "web", "/lxc.payload.web/web", "/lxc.payload.web" },
	{ "cri-o", HEX, "/kubepods.slice/kubepods-podab.slice/crio-" HEX ".scope",
	  "/kubepods.slice/kubepods-podab.slice/crio-" HEX ".scope" },
	{ "runc", "web", "/user.slice/web", "/user.slice/web" },
	{ "containerd", "default/web", "/default/web", "/default/web" },
	{ "oci", HEX, "/batch/" HEX, "/batch/" HEX },
	/* told by its namespaces alone: the cgroup is its caller's, or who knows whose */
	{ "oci", "job-3", "/batch/job-3", NULL },
	{ "host", "nginx.service", "/system.slice/nginx.service",
	  "/system.slice/nginx.service" },
	{ "host", "user@1000.scope", "/user.slice/user@1000.scope/init.scope",
	  "/user.slice/user@1000.scope" },
	/* a unit has a name in front of what says its kind */
	{ "host", ".service", "/user.slice/.service", NULL },
	{ "host", ".scope", "/user.slice/.scope", NULL },
	{ "host", "a-command-of-a-long-name", "/user.slice/a-command-of-a-long-name", NULL },
	{ "host", "nginx.service", "/system.slice/nginx.service.d", NULL },
	/* where no engine's name stands around it, what is behind the namespace */
	{ "containerd", "default/web", "/batch/web", "/batch/web" },
	{ "containerd", "default/web", "/batch/default", NULL },
	{ "lxc", "a~b", "/batch/b", NULL },
	/* a command's name is no cgroup's */
	{ "host", "sleep", "/user.slice/sleep", NULL },
	/* the caller's: a memory controller that the container has no part of */
	{ "docker", HEX, "/user.slice/session-1.scope", NULL },
	{ "docker", HEX, "", NULL },
	{ "runc", "web", "/web-2", NULL },
};

static void cut(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct container_name name;
		char path[PATH_MAX];
		bool found;

		snprintf(name.engine, sizeof(name.engine), "%s", cases[i].engine);
		snprintf(name.id, sizeof(name.id), "%s", cases[i].id);
		snprintf(path, sizeof(path), "%s", cases[i].path);
		check_case = cases[i].path;
		found = container_cut_cgroup(&name, path);
		CHECK_INT(found, cases[i].cut != NULL);
		CHECK_TEXT(path, cases[i].cut ? cases[i].cut : cases[i].path);
	}
	check_case = "";
}

/* Of a process: down to its container's cgroup, where it is in one that is called so. */
static void of_a_process(void)
{
	struct container_name its = { "runc", "" }, other = { "runc", "no-such-container" };
	struct memory_cgroup own, got;
	const char *last;

	CHECK(!container_memory_cgroup(&other, getpid(), &got));
	CHECK(!container_memory_cgroup(&other, 0x7fffff00, &got));
	if (memory_cgroup_of(getpid(), &own) != 1)
		return;
	last = strrchr(own.path, '/');
	if (!last || !last[1] || strlen(last + 1) >= sizeof(its.id))
		return;
	memcpy(its.id, last + 1, strlen(last + 1) + 1);
	CHECK(container_memory_cgroup(&its, getpid(), &got));
	CHECK(strncmp(got.path, own.path, strlen(got.path)) == 0);
	CHECK_TEXT(strrchr(got.path, '/') ? strrchr(got.path, '/') + 1 : "", its.id);
}

int main(void)
{
	RUN(of_a_process);
	RUN(cut);
	return check_end();
}
