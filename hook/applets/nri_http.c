/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --listen: where to listen, and the two processes that serve what is asked. */
#include "applets/nri_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/surroundings.h"
#include "base/text.h"
#include "kernel/privileges.h"
#include "nri/nri_page.h"
#include "stats/capacity_file.h"

#define HTTP_PROGRAM "ksm-hook-http"
#define AGAIN_MS     1000
#define STORE_MS     60000

union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "[ADDRESS]:PORT", the brackets only around one with colons; no ADDRESS is every one. */
static int parse_address(const char *text, union any_address *out, struct error *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN];
	int64_t port;

	*out = (union any_address){ .v6 = { .sin6_family = AF_INET6 } };
	if (!colon || parse_int(colon + 1, strlen(colon + 1), 1, 65535, &port) < 0)
		goto wrong;
	out->v6.sin6_port = htons((uint16_t)port);
	if (len == 0)
		return 0;
	if (len > 2 && text[0] == '[' && text[len - 1] == ']' && len - 2 < sizeof(host)) {
		snprintf(host, sizeof(host), "%.*s", (int)(len - 2), text + 1);
		if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1)
			return 0;
	} else if (len < sizeof(host)) {
		snprintf(host, sizeof(host), "%.*s", (int)len, text);
		out->v4 = (struct sockaddr_in){ .sin_family = AF_INET,
						.sin_port = htons((uint16_t)port) };
		if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1)
			return 0;
	}
wrong:
	return err_set(err, EINVAL,
		       "--listen=%s: 127.0.0.1:9473, [::1]:9473 or :9473 would be right", text);
}

static int listen_at(const union any_address *a, struct error *err)
{
	__cleanup(close_fd) int fd =
		socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
	int one = 1, no = 0;

	if (fd < 0)
		return err_errno(err, errno, "socket");
	/* an agent that is restarted finds connections of the last one that are not over yet */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr))
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, &a->any, size) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_errno(err, errno, "listening");
	return steal_fd(&fd);
}

/* Beside our own program, as in an image, or where it is installed. */
static int find_program(char *path, size_t size, struct error *err)
{
	static const char installed[] = LIBEXECDIR "/ksm-hook/" HTTP_PROGRAM;
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	if (n > 0) {
		own[n] = '\0';
		slash = strrchr(own, '/');
		snprintf(path, size, "%.*s/" HTTP_PROGRAM, (int)(slash - own), own);
		if (access(path, X_OK) == 0)
			return 0;
	}
	snprintf(path, size, "%s", installed);
	if (access(path, X_OK) == 0)
		return 0;
	return err_errno(err, errno, "--listen: %s, which serves them", installed);
}

int nri_http_open(struct nri_http *h, const char *address, const char *group,
		  const char *config, const char *samples, const struct nri_state *state,
		  struct error *err)
{
	char path[PATH_MAX];
	union any_address a;
	int r = parse_address(address, &a, err);

	if (r == 0)
		r = metrics_group_parse(group, &h->made.group) < 0 ?
			    err_set(err, EINVAL, "--aggregate=%s", group) :
			    find_program(path, sizeof(path), err);
	if (r < 0)
		return r;
	r = listen_at(&a, err);
	/* a host without IPv6 has no more addresses than these */
	if (r == -EAFNOSUPPORT && address[0] == ':') {
		in_port_t port = a.v6.sin6_port;

		a.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		r = listen_at(&a, err);
	}
	if (r < 0)
		return err_wrap(err, r, "--listen=%s", address);
	h->listens = r;
	h->made.config = config;
	h->made.state = state;
	h->made.samples = metrics_samples_make(err);
	if (!h->made.samples)
		return -ENOMEM;
	h->samples = samples;
	h->stored_ms = now_ms();
	if (samples)
		metrics_samples_load(h->made.samples, samples);
	return 0;
}

static _Noreturn void execute(const struct nri_http *h, int asks)
{
	char path[PATH_MAX], name[] = HTTP_PROGRAM;
	char *argv[] = { name, NULL }, *env[] = { NULL };
	struct error err;
	sigset_t none;

	/* neither may lie where the other one is to go, and what is at its place closes at exec */
	int listens = fcntl(h->listens, F_DUPFD_CLOEXEC, 3);

	asks = fcntl(asks, F_DUPFD_CLOEXEC, 3);
	sigemptyset(&none);
	surroundings_give_back();
	if (find_program(path, sizeof(path), &err) == 0 &&
	    privileges_reduce(PRIVILEGES_NONE, &err) == 0) {
		if (dup2(listens, NRI_HTTP_LISTENS) == NRI_HTTP_LISTENS &&
		    dup2(asks, NRI_HTTP_ASKS) == NRI_HTTP_ASKS &&
		    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
			execve(path, argv, env);
		(void)err_errno(&err, errno, "%s", path);
	}
	log_error("%s", err.msg);
	_exit(1);
}

static int start_both(struct nri_http *h, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	h->pages = fork();
	if (h->pages == 0) {
		close(h->listens);
		nri_pages_serve(pair[0], &h->made);
	}
	h->http = h->pages > 0 ? fork() : -1;
	if (h->http == 0)
		execute(h, pair[1]);
	close(pair[0]);
	close(pair[1]);
	/* the one that was made sees that the other one's end is closed */
	return h->http < 0 ? err_errno(err, errno, "fork") : 0;
}

/*
 * The agent's own copy, as whoever makes the pages may look at processes, and what they make of it is theirs.
 * Returns as nri_http_keep().
 */
static int store_samples(struct nri_http *h)
{
	int64_t since = now_ms() - h->stored_ms;
	struct capacity_history *copy;
	struct error err;

	if (!h->samples)
		return -1;
	if (since < STORE_MS)
		return (int)(STORE_MS - since);
	h->stored_ms = now_ms();
	copy = h->made.samples->changed ? malloc(sizeof(*copy)) : NULL;
	if (!copy)
		return STORE_MS;
	h->made.samples->changed = false;
	memcpy(copy, &h->made.samples->history, sizeof(*copy));
	if (capacity_store(copy, h->samples, &err) < 0 && !h->told) {
		h->told = true;
		log_warning("samples for ksm-hook capacity are not stored: %s", err.msg);
	}
	free(copy);
	return STORE_MS;
}

int nri_http_keep(struct nri_http *h)
{
	int64_t since = now_ms() - h->started_ms;
	struct error err;

	if (h->listens <= 0)
		return -1;
	if (h->pages > 0)
		return store_samples(h);
	if (h->started_ms && since < AGAIN_MS)
		return (int)(AGAIN_MS - since);
	if (h->started_ms)
		log_warning(
			"metrics and probes: what served them has ended, and is started anew");
	h->started_ms = now_ms();
	if (start_both(h, &err) == 0)
		return store_samples(h);
	log_error("metrics and probes are not served: %s", err.msg);
	return AGAIN_MS;
}

static void end_server(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		(void)child_wait(*pid, NULL);
	}
	*pid = 0;
}

void nri_http_ended(struct nri_http *h, pid_t pid)
{
	if (pid != h->pages && pid != h->http)
		return;
	/* one without the other is of no use; who has ended is not there to be waited for */
	if (pid == h->pages)
		h->pages = 0;
	else
		h->http = 0;
	end_server(&h->pages);
	end_server(&h->http);
}

void nri_http_close(struct nri_http *h)
{
	if (h->listens <= 0)
		return;
	end_server(&h->http);
	end_server(&h->pages);
	h->stored_ms = now_ms() - STORE_MS;
	(void)store_samples(h);
	close(h->listens);
}
