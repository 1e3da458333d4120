/* SPDX-License-Identifier: Apache-2.0 */
/* What the process with power believes of what its reader says. */
#include "nri/nri_power.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

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
	CHECK(a.changed && a.config_len == 0 && !a.err.msg[0]);
	a = (struct nri_answer){ 0 };
	nri_config_answer(&c, &a);
	CHECK(!a.changed);
	write_config(path, "{}");
	nri_config_answer(&c, &a);
	CHECK(a.changed);
	CHECK_INT(a.config_len, 2);
	CHECK(memcmp(c.text, "{}", 2) == 0);
	a = (struct nri_answer){ 0 };
	nri_config_answer(&c, &a);
	CHECK(!a.changed);
	chmod(path, 0666);
	nri_config_answer(&c, &a);
	CHECK(a.changed && a.config_len == 0);
	CHECK_INT(a.err.reason, REASON_CONFIG_UNTRUSTED);
	a = (struct nri_answer){ 0 };
	unlink(path);
	nri_config_answer(&c, &a);
	CHECK(a.changed && a.config_len == 0 && !a.err.msg[0]);
	rmdir(dir);
}

int main(void)
{
	RUN(foreign_processes);
	RUN(config_changes);
	return check_end();
}
