/* SPDX-License-Identifier: Apache-2.0 */
/* Do copies fit into the memory cgroups of processes? With real cgroups, of names that sort badly. */
#include "kernel/memory_headroom.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "check.h"

#define MIB (1ll << 20)

static char root[128], base[64];
static bool is_v1;

/* In the order of bytes, "a-b" lies between "a" and "a/1". */
static const char *const names[] = {
	"", "/a", "/a/1", "/a/2", "/a/2/deep", "/a-b", "/ab", "/b"
};
#define NAMES ARRAY_SIZE(names)
static pid_t pids[NAMES];

static bool put(const char *name, const char *file, const char *text)
{
	char path[512];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s%s%s/%s", root, base, name, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

static pid_t sleeper(const char *name)
{
	char text[32];
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(text, sizeof(text), "%d", pid);
	CHECK(put(name, "cgroup.procs", text));
	return pid;
}

/* of names: v2 has processes in leaves only, and where the controller goes on there are none */
static bool has_groups(size_t i)
{
	return i == 0 || i == 1 || i == 3;
}

static void begin(void)
{
	is_v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
	snprintf(root, sizeof(root), "/sys/fs/cgroup%s", is_v1 ? "/memory" : "");
	snprintf(base, sizeof(base), "/ksm-unit-%d", getpid());
	for (size_t i = 0; i < NAMES; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s%s%s", root, base, names[i]);
		CHECK(mkdir(path, 0755) == 0);
		/* v2: what is below has the controller; it is in the root's already */
		if (!is_v1 && has_groups(i))
			(void)put(names[i], "cgroup.subtree_control", "+memory");
	}
	for (size_t i = 0; i < NAMES; i++) {
		if (is_v1 || !has_groups(i))
			pids[i] = sleeper(names[i]);
	}
}

static void end(void)
{
	for (size_t i = NAMES; i-- > 0;) {
		char path[512];

		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
		snprintf(path, sizeof(path), "%s%s%s", root, base, names[i]);
		for (int n = 0; rmdir(path) < 0 && errno == EBUSY && n < 1000; n++)
			usleep(1000);
	}
}

static void limit(const char *name, long long bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", bytes);
	if (bytes < 0)
		snprintf(text, sizeof(text), "%s", is_v1 ? "-1" : "max");
	CHECK(put(name, is_v1 ? "memory.limit_in_bytes" : "memory.max", text));
}

/* one and other: places in names; each needs so many MiB. The limit is of 64 MiB. */
static const struct {
	const char *what, *limited;
	size_t one, other;
	int64_t one_mib, other_mib;
	bool fits;
} cases[] = {
	{ "itself", "/b", 7, 7, 40, 0, true },
	{ "itself, too much", "/b", 7, 7, 70, 0, false },
	{ "twice in the list", "/b", 7, 7, 40, 40, false },
	{ "above", "/a", 4, 2, 70, 0, false },
	{ "above two, together", "/a", 4, 2, 40, 40, false },
	{ "above two, the other way round", "/a", 2, 4, 40, 40, false },
	{ "above two, enough for both", "/a", 2, 4, 20, 20, true },
	{ "above, far", "", 4, 7, 40, 40, false },
	{ "above one only", "/a/2", 2, 4, 70, 20, true },
	{ "a name that begins alike", "/a", 2, 5, 20, 70, true },
	{ "another one", "/a", 6, 2, 70, 20, true },
	{ "between them in the order of bytes", "/a-b", 5, 2, 70, 20, false },
};

static void limits(void)
{
	struct error err;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct room_need need[] = {
			{ pids[cases[i].one], cases[i].one_mib * MIB },
			{ 1, 0 },
			{ pids[cases[i].other], cases[i].other_mib * MIB },
		};
		char where[256];
		int r;

		check_case = cases[i].what;
		limit(cases[i].limited, 64 * MIB);
		r = room_check(need, ARRAY_SIZE(need), &err);
		CHECK_INT(r, cases[i].fits ? 0 : -ENOMEM);
		if (r < 0) {
			CHECK_INT(err.reason, REASON_HOST_HEADROOM);
			snprintf(where, sizeof(where), "the cgroup %s%s has", base,
				 cases[i].limited);
			CHECK_HAS(err.msg, where);
		}
		limit(cases[i].limited, -1);
		CHECK_INT(room_check(need, ARRAY_SIZE(need), &err), 0);
	}
	check_case = "";
	end();
}

/* who has ended needs nothing, nor does a list of none */
static void nobody(void)
{
	pid_t pid = fork();
	struct error err;

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	CHECK_INT(room_check(&(struct room_need){ pid, MIB }, 1, &err), 0);
	CHECK_INT(room_check(NULL, 0, &err), 0);
	CHECK_INT(room_check(&(struct room_need){ getpid(), INT64_MAX / 2 }, 1, &err), -ENOMEM);
	CHECK_HAS(err.msg, "the machine has");
}

int main(void)
{
	RUN(limits);
	RUN(nobody);
	return check_end();
}
