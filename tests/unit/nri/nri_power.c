/* SPDX-License-Identifier: Apache-2.0 */
/* What the process with power believes of what its reader says. */
#include "nri/nri_power.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"
#include "containers/identify.h"
#include "kernel/ksm.h"

static struct error err;

static int start(pid_t pid, const char *id)
{
	static struct container_decision c;

	memset(&c, 0, sizeof(c));
	c.pid = pid;
	snprintf(c.id, sizeof(c.id), "%s", id);
	c.decision.method = METHOD_INJECT;
	err = (struct error){ "" };
	return nri_merge_start(&c, &err);
}

/* A process that is there, and no container's: stopped and changed is none of these. */
static void foreign_processes(void)
{
	static const char id[] = "0123456789abcdef0123456789abcdef"
				 "0123456789abcdef0123456789abcdef";
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_INT(start(pid, id), -EPERM);
	CHECK_INT(err.reason, REASON_INIT_FOREIGN);
	CHECK_INT(start(getpid(), id), -EPERM);
	CHECK_INT(err.reason, REASON_INIT_FOREIGN);
	CHECK_INT(start(0, id), -EINVAL);
	CHECK_INT(err.reason, REASON_INIT_MISSING);
	CHECK_INT(start(1, id), -EINVAL);
	CHECK_INT(err.reason, REASON_INIT_MISSING);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_INT(start(pid, id), -ESRCH);
	CHECK_INT(err.reason, REASON_INIT_GONE);
}

/* A /run of our own: what a start stores there is not the host's. */
static bool have_own_run(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("run", "/run", "tmpfs", 0, "mode=755") == 0;
}

static bool is_merged(pid_t pid)
{
	struct ksm_stat st;

	return ksm_stat_read(pid, &st) == 0 && st.merge_any == KSM_YES;
}

static bool has_name(const char *id)
{
	int dir = metadata_open();
	struct metadata m;
	bool found = dir >= 0 && metadata_read(dir, id, &m) && strcmp(m.container, "web") == 0;

	if (dir >= 0)
		close(dir);
	return found;
}

/* Its init is made mergeable and its name stored; and what was not, when it runs. */
static void own_containers(void)
{
	char *args[] = { "starter", NULL };
	static struct container_decision c;
	struct container_name name;
	struct contained of;

	if (geteuid() != 0 || container_of(getpid(), &name) || !have_own_run())
		return;
	for (int way = 0; way < 2; way++) {
		memset(&c, 0, sizeof(c));
		err = (struct error){ "" };
		if (!contained_start(&of, "starter", args) || !container_of(of.pid, &name))
			abort();
		snprintf(c.id, sizeof(c.id), "%s", name.id);
		snprintf(c.metadata.container, sizeof(c.metadata.container), "web");
		c.decision.method = METHOD_INJECT;
		/* not by another's name, nor by a way that it has not got */
		c.pid = of.pid;
		c.id[0] ^= 1;
		CHECK_INT(nri_merge_start(&c, &err), -EPERM);
		CHECK_INT(err.reason, REASON_INIT_FOREIGN);
		CHECK_INT(nri_check_started(&c, &err), -EPERM);
		c.id[0] ^= 1;
		c.decision.method = METHOD_PRELOAD;
		CHECK_INT(nri_merge_start(&c, &err), -ENOENT);
		CHECK_INT(err.reason, REASON_PRELOAD_MISSING);
		CHECK(!is_merged(of.pid) && !has_name(c.id));
		c.decision.method = METHOD_INJECT;
		/* a busy machine may not let it stop within the time that a busy workload has */
		if (way == 0) {
			int r;

			for (int i = 0; (r = nri_merge_start(&c, &err)) == -ETIMEDOUT && i < 30;
			     i++)
				;
			CHECK_INT(r, 0);
		} else {
			ssize_t n;

			for (int i = 0; (n = nri_check_started(&c, &err)) == -EAGAIN && i < 30;
			     i++)
				;
			CHECK_INT(n, 1);
			CHECK_INT(nri_check_started(&c, &err), 0);
		}
		CHECK(is_merged(of.pid) && has_name(c.id));
		metadata_remove(c.id);
		contained_end(&of);
	}
}

static void write_config(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (CHECK(f != NULL)) {
		fputs(text, f);
		fclose(f);
	}
}

/* Told when it has changed, and only then. */
static void config_changes(void)
{
	static struct nri_config c;
	char dir[] = "/tmp/ksm-nri-unit.XXXXXX", path[64];
	struct nri_answer a = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	c.path = path;
	nri_config_answer(&c, &a);
	CHECK(a.changed && a.config_files == 0 && a.config_result < 0);
	CHECK_INT(a.err.reason, REASON_CONFIG_UNREADABLE);
	a = (struct nri_answer){ 0 };
	nri_config_answer(&c, &a);
	CHECK(!a.changed);
	write_config(path, "{}");
	nri_config_answer(&c, &a);
	CHECK(a.changed);
	CHECK_INT(a.config_result, 0);
	CHECK_INT(a.err.reason, REASON_NONE);
	CHECK_TEXT(a.err.msg, "");
	CHECK_INT(a.config_files, 1);
	CHECK_TEXT(c.files[c.now].text, "{}");
	a = (struct nri_answer){ 0 };
	nri_config_answer(&c, &a);
	CHECK(!a.changed);
	chmod(path, 0666);
	nri_config_answer(&c, &a);
	CHECK(a.changed && a.config_files == 0 && a.config_result < 0);
	CHECK_INT(a.err.reason, REASON_CONFIG_UNTRUSTED);
	a = (struct nri_answer){ 0 };
	unlink(path);
	nri_config_answer(&c, &a);
	CHECK(a.changed && a.config_files == 0 && a.config_result < 0);
	CHECK_INT(a.err.reason, REASON_CONFIG_UNREADABLE);
	rmdir(dir);
}

/* What the reader gets is what was read, with conf.d. */
static void config_crosses(void)
{
	static struct nri_config c;
	static struct config_files got;
	char dir[] = "/tmp/ksm-nri-unit.XXXXXX", path[64], conf_d[64], file[80];
	struct nri_answer a = { 0 };
	int pair[2];

	CHECK(mkdtemp(dir) != NULL);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	snprintf(conf_d, sizeof(conf_d), "%s/conf.d", dir);
	snprintf(file, sizeof(file), "%s/a.json", conf_d);
	CHECK(mkdir(conf_d, 0755) == 0);
	write_config(path, "{}");
	write_config(file, "");
	c.path = path;
	nri_config_answer(&c, &a);
	CHECK_INT(a.config_files, 2);
	CHECK_INT(nri_config_send(&c, a.config_files, pair[0]), 0);
	CHECK_INT(nri_config_receive(&got, 2, pair[1]), 0);
	CHECK(config_files_equal(&got, &c.files[c.now]));
	CHECK_TEXT(got.file[0].name, "config.json");
	CHECK_TEXT(got.file[1].name, "conf.d/a.json");
	/* a file of conf.d that changes is a change */
	write_config(file, "{\"log\": \"info\"}");
	a = (struct nri_answer){ 0 };
	nri_config_answer(&c, &a);
	CHECK(a.changed);
	CHECK(!config_files_equal(&got, &c.files[c.now]));
	/* what is none */
	CHECK(write(pair[0], "path without an end", 8) == 8);
	CHECK_INT(nri_config_receive(&got, 1, pair[1]), -EPROTO);
	CHECK(write(pair[0], "path", 5) == 5);
	CHECK_INT(nri_config_receive(&got, 1, pair[1]), 0);
	CHECK_INT(got.n, 1);
	CHECK_INT(got.len, 1);
	/* whoever got it before has nothing of it left */
	CHECK_INT(nri_config_receive(&got, 0, pair[1]), 0);
	CHECK(got.n == 0 && got.len == 0);
	close(pair[1]);
	CHECK_INT(nri_config_send(&c, 0, pair[0]), 0);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(nri_config_send(&c, 1, pair[0]), -EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(pair[0]);
	unlink(file);
	unlink(path);
	rmdir(conf_d);
	rmdir(dir);
}

int main(void)
{
	contained_main();
	RUN(config_crosses);
	RUN(foreign_processes);
	RUN(own_containers);
	RUN(config_changes);
	return check_end();
}
