/* SPDX-License-Identifier: Apache-2.0 */
/* Whom doctor takes for dockerd at its socket, and how long it waits. */
#include "doctor/docker_daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

#define HEAD "HTTP/1.0 200 OK\r\n\r\n"

enum manner { ANSWERS, SAYS_NOTHING, SAYS_TOO_MUCH, DOES_NOT_ACCEPT, IS_ANOTHER_USER };

static char dir[] = "/tmp/unit-docker-daemon.XXXXXX", path[64];

static _Noreturn void wait_for_the_end(void)
{
	for (;;)
		pause();
}

static _Noreturn void serve_as(enum manner manner, int listener)
{
	static char much[64 << 10];
	char request[256];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (manner == DOES_NOT_ACCEPT)
		wait_for_the_end();
	fd = accept(listener, NULL, NULL);
	if (read(fd, request, sizeof(request)) <= 0 ||
	    strncmp(request, "GET /info HTTP/1.0\r\n", 20) != 0)
		_exit(1);
	if (manner == SAYS_NOTHING)
		wait_for_the_end();
	memset(much, ' ', sizeof(much));
	if (write(fd, HEAD "{\"Runtimes\": {\"k\": {\"path\": \"/k\"}}}",
		  sizeof(HEAD "{\"Runtimes\": {\"k\": {\"path\": \"/k\"}}}") - 1) < 0)
		_exit(1);
	while (manner == SAYS_TOO_MUCH && write(fd, much, sizeof(much)) > 0)
		;
	_exit(0);
}

/* Listens before it returns; who is to be another user listens as one. */
static pid_t start_server(enum manner manner)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	pid_t pid;
	uid_t other = manner == IS_ANOTHER_USER ? 65534 : 0;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	CHECK_INT(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	CHECK_INT(seteuid(other), 0);
	CHECK_INT(listen(fd, 1), 0);
	CHECK_INT(seteuid(0), 0);
	pid = fork();
	if (pid == 0)
		serve_as(manner, fd);
	close(fd);
	return pid;
}

static void listeners(void)
{
	static const struct {
		enum manner manner;
		const char *says; /* NULL: an answer */
	} cases[] = {
		{ ANSWERS, NULL },
		{ SAYS_NOTHING, "timed out" },
		{ SAYS_TOO_MUCH, "its answer: " },
		{ DOES_NOT_ACCEPT, "timed out" },
		{ IS_ANOTHER_USER, "user 65534 listens there" },
	};

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = start_server(cases[i].manner);
		struct docker_daemon daemon = { .pid = pid };
		struct docker_loaded loaded = { 0 };
		int timeout = cases[i].manner == ANSWERS ? 60000 : 300;

		check_case = cases[i].says ? cases[i].says : "an answer";
		if (cases[i].manner == SAYS_TOO_MUCH)
			timeout = 60000;
		daemon.text = docker_info_get(path, timeout, &daemon.len, &daemon.err);
		daemon.asked = daemon.text ? DOCKER_ANSWERED : DOCKER_SILENT;
		CHECK_INT(daemon.text == NULL, cases[i].says != NULL);
		CHECK_INT(docker_daemon_loaded(&daemon, &loaded, &daemon.err),
			  cases[i].says ? -EIO : 0);
		if (cases[i].says)
			CHECK_HAS(daemon.err.msg, cases[i].says);
		else
			CHECK_TEXT(loaded.runtime[0].path, "/k");
		docker_daemon_free(&daemon);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void nobody(void)
{
	struct docker_daemon daemon = { .pid = 0 };
	struct docker_loaded loaded;
	char reload[DOCKER_RELOAD_MAX];
	struct error err = { "", REASON_NONE };
	size_t len;

	check_case = "nobody";
	CHECK_INT(docker_info_get("/no/docker.sock", 1000, &len, &err) == NULL, true);
	CHECK_TEXT(err.msg, "connecting: No such file or directory");
	CHECK_INT(docker_daemon_loaded(&daemon, &loaded, &err), -ENODATA);
	CHECK_TEXT(docker_reload_command(&daemon, reload), "");
	daemon.several = true;
	CHECK_TEXT(docker_reload_command(&daemon, reload), "systemctl reload docker");
	daemon.user = true;
	CHECK_TEXT(docker_reload_command(&daemon, reload), "systemctl --user reload docker");
}

/* What is no JSON ends the parser's work, not ours. */
static void garbage(void)
{
	struct docker_daemon daemon = { .pid = 1, .asked = DOCKER_ANSWERED };
	char text[] = HEAD "{\"Runtimes\": [[[[";
	struct docker_loaded loaded;
	struct error err = { "", REASON_NONE };

	check_case = "garbage";
	daemon.text = text;
	daemon.len = sizeof(text) - 1;
	CHECK_INT(docker_daemon_loaded(&daemon, &loaded, &err), -EPROTO);
	CHECK_HAS(err.msg, "/info:1:");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/docker.sock", dir);
	RUN(listeners);
	RUN(nobody);
	RUN(garbage);
	unlink(path);
	rmdir(dir);
	return check_end();
}
