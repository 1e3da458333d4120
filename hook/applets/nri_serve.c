/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri: the process with power, from one connection to the next. */
#include "applets/nri_serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/nri_act.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "containers/metadata.h"
#include "ksmd/boost.h"
#include "nri/nri_presence.h"
#include "oci/decision.h"
#include "oci/decision_settle.h"
#include "policy/stop.h"

/* Between two attempts to reach a runtime that is not there: doubled up to the second one. */
#define RETRY_MS     100
#define RETRY_MAX_MS 5000

static int connect_runtime(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, errno, "socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int saved = errno;

		close(fd);
		return err_errno(err, saved, "%s", path);
	}
	return fd;
}

int agent_signals(struct error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/* so that no call into a container is interrupted by one: they are taken between calls */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(err, errno, "signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_errno(err, errno, "signals") : fd;
}

/* Children that have ended: tracers, what merged running containers, and those that stay. */
static void reap_children(struct agent *a)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == a->reader) {
			a->reader = 0;
			a->reader_status = status;
		} else {
			nri_http_ended(&a->http, pid);
			nri_features_ended(&a->features, pid, status);
			nri_economize_ended(&a->economize, pid);
		}
	}
}

/* Signals are seen to as well, or it could not be told to end. -errno where that cannot be done. */
static int take_signals(struct agent *a)
{
	struct signalfd_siginfo s;
	ssize_t n;
	int r;

	while ((n = read(a->signals, &s, sizeof(s))) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo != SIGCHLD)
			a->ending = true;
	}
	r = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
	/* which has errors of its own: there may be no child */
	reap_children(a);
	return r;
}

/*
 * Until there is something to read from fd, or -1 and some time has gone; children and signals are
 * seen to meanwhile. True: fd has something.
 */
static bool agent_wait(struct agent *a, int fd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;

	while (!a->ending) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN },
				      { .fd = a->signals, .events = POLLIN } };
		int left = timeout_ms < 0 ? -1 : (int)(end - now_ms());
		int again = nri_http_keep(&a->http);
		int features = nri_features_keep(&a->features);
		int economize = nri_economize_keep(&a->economize), r;

		if (timeout_ms >= 0 && left <= 0)
			return false;
		if (again >= 0 && (left < 0 || again < left))
			left = again;
		if (features >= 0 && (left < 0 || features < left))
			left = features;
		if (economize >= 0 && (left < 0 || economize < left))
			left = economize;
		r = poll(p, 2, left) < 0 && errno != EINTR ? -errno : take_signals(a);
		if (r < 0) {
			/* else it would go round and round, deaf to SIGTERM */
			log_error("ends, as it cannot wait for the runtime and for signals: %s",
				  strerror(-r));
			a->ending = a->failed = true;
			return false;
		}
		if (p[0].revents)
			return true;
	}
	return false;
}

/* Do what the reader asks for until it has ended. */
static void serve_reader(struct agent *a, int fd)
{
	static struct nri_call call;
	struct error err;
	ssize_t n;

	while (agent_wait(a, fd, -1) && (n = read(fd, &call, NRI_CALL_SIZE)) > 0) {
		struct nri_answer answer = { 0 };

		nri_state_busy(a->state, now_ms());
		if (nri_call_check(&call, (size_t)n, &err) < 0) {
			log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
			break;
		}
		nri_act(a, &call, &answer);
		if (write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer) ||
		    nri_config_send(&a->config, answer.config_files, fd) < 0)
			break;
		nri_state_busy(a->state, 0);
	}
	nri_state_busy(a->state, 0);
	if (a->reader > 0) {
		kill(a->reader, SIGKILL);
		(void)child_wait(a->reader, &a->reader_status);
		a->reader = 0;
	}
}

/* One connection, from the first frame to its end. 0, or -errno where no process could be made. */
int agent_serve(struct agent *a, int runtime, struct error *err)
{
	int pair[2];

	a->registered = false;
	a->config.sent = false;
	nri_way_choose(&a->way, runtime);
	nri_place(a->socket, runtime, a->place);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	a->reader = fork();
	if (a->reader == 0) {
		close(pair[0]);
		nri_plugin_serve(runtime, pair[1], &a->plugin);
	}
	close(pair[1]);
	if (a->reader < 0) {
		close(pair[0]);
		return err_errno(err, errno, "fork of the reader");
	}
	close(runtime);
	serve_reader(a, pair[0]);
	close(pair[0]);
	nri_existing_free(&a->existing);
	nri_presence_set(false);
	a->features.agent = NULL;
	nri_state_registered(a->state, false);
	if (a->ending)
		return 0;
	if (WIFSIGNALED(a->reader_status))
		log_reason(LOG_LEVEL_ERROR, REASON_PARSER_FAILED,
			   "the reader of the runtime's messages died by signal %d",
			   WTERMSIG(a->reader_status));
	else if (a->registered)
		log_info("the runtime has closed the connection");
	return 0;
}

void agent_serve_for_ever(struct agent *a)
{
	int wait_ms = RETRY_MS;
	bool told = false;
	struct error err;

	while (!a->ending) {
		int fd = connect_runtime(a->socket, &err);
		int64_t since = now_ms();

		if (fd >= 0 && agent_serve(a, fd, &err) < 0) {
			close(fd);
			log_error("%s", err.msg);
		} else if (fd < 0 && !told) {
			log_reason(LOG_LEVEL_WARNING, REASON_NRI_UNREACHABLE,
				   "%s; is NRI enabled in the runtime? Tried again until it is",
				   err.msg);
		}
		told = fd < 0;
		/* one that drops us at once is not to be kept busy with us */
		if (fd >= 0 && a->registered && now_ms() - since > RETRY_MAX_MS)
			wait_ms = RETRY_MS;
		(void)agent_wait(a, -1, wait_ms);
		wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
	}
}
