/* SPDX-License-Identifier: Apache-2.0 */
/* The dockerd that is meant: its process, its daemon.json, and what it says that it has loaded. */
#include "doctor/docker_daemon.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/far_files.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/patience.h"
#include "containers/identify.h"
#include "doctor/docker_config.h"
#include "doctor/host_files.h"
#include "kernel/privileges.h"
#include "kernel/process.h"
#include "kernel/sandbox.h"

/* The client's default, and that of systemd's docker.socket. */
#define DAEMON_SOCKET "/run/docker.sock"
/* The options of a service's unit. */
#define ARGS_MAX        16384
#define INFO_TIMEOUT_MS 3000
/* 100,000 processes take two seconds. */
#define SEARCH_TIMEOUT_MS 10000
/* A reload has ended when dockerd has got the signal, and it reads the file some milliseconds later. */
#define RELOAD_MS 2000

/* Version 1.0 asks for an answer in one piece, and the end of the connection behind it. */
#define INFO_REQUEST "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n"

/* Of a pid namespace within ours there are several numbers: proc_pid_status(5). */
static bool is_in_our_pids(pid_t pid)
{
	char numbers[64];

	return proc_status_line(pid, "NSpid", numbers, sizeof(numbers)) > 0 &&
	       !strpbrk(numbers, " \t");
}

/* A dockerd of a container is not the host's, also not where that is root's. */
static bool is_our_dockerd(const struct process *p)
{
	struct container_name ignored;
	char command[32];

	return process_command(p->pid, command, sizeof(command)) >= 0 &&
	       strcmp(command, "dockerd") == 0 &&
	       proc_status_field(p->pid, "Uid") == (int64_t)geteuid() &&
	       is_in_our_pids(p->pid) && !container_of(p->pid, &ignored);
}

struct dockerd_search {
	pid_t pid; /* the last that was found */
	unsigned n;
	struct docker_args args;
};

static int take_dockerd(const struct process *p, void *arg)
{
	struct dockerd_search *s = arg;
	struct docker_args found;
	char args[ARGS_MAX];
	ssize_t len;

	if (!is_our_dockerd(p))
		return 0;
	len = proc_read_head(p->pid, "cmdline", args, sizeof(args));
	docker_args_parse(args, len > 0 ? (size_t)len : 0, &found);
	/* another doctor's question, say */
	if (found.validates)
		return 0;
	s->pid = p->pid;
	s->args = found;
	return ++s->n > 1;
}

/* Among processes of anybody, so after the filter. */
static int search_dockerd(void *arg)
{
	struct dockerd_search *s = arg;
	struct error ignored;
	int r = privileges_only_look(PRIVILEGES_COUNTERS, &ignored);

	if (r < 0)
		return r;
	(void)process_for_each(take_dockerd, s);
	if (s->n != 1)
		s->args = (struct docker_args){ 0 };
	return 0;
}

static void find_process(struct docker_daemon *daemon)
{
	struct dockerd_search *s = patience_memory(sizeof(*s));
	int r = s ? patience_run(search_dockerd, s, SEARCH_TIMEOUT_MS) : -ENOMEM;

	if (r == 0) {
		daemon->several = s->n > 1;
		daemon->pid = s->n == 1 ? s->pid : 0;
		daemon->args = s->args;
		daemon->args.config[sizeof(daemon->args.config) - 1] = '\0';
		daemon->args.socket[sizeof(daemon->args.socket) - 1] = '\0';
	}
	/* a child that did not end may write there yet */
	if (s && r != -ETIMEDOUT)
		patience_free(s, sizeof(*s));
}

/* Who is not root, and runs a rootless daemon, is told of that one. */
static void find_file(struct docker_daemon *daemon)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	int n;

	if (config && config[0] == '/')
		n = snprintf(path, sizeof(path), "%s/docker/daemon.json", config);
	else
		n = snprintf(path, sizeof(path), "%s/.config/docker/daemon.json",
			     home ? home : "");
	snprintf(daemon->file, sizeof(daemon->file), "%s", DOCKER_DAEMON_JSON);
	if (geteuid() != 0 && n < (int)sizeof(path) &&
	    (daemon->pid || far_access(path, F_OK) == 0)) {
		memcpy(daemon->file, path, (size_t)n + 1);
		daemon->user = true;
	}
	if (daemon->args.config[0] == '/')
		snprintf(daemon->file, sizeof(daemon->file), "%s", daemon->args.config);
}

/* From its command line, its file, which has none where that has one, or the usual place. */
static void find_socket(struct docker_daemon *daemon)
{
	static struct docker_config c;
	char *text __cleanup(host_file_free) = NULL;
	struct error ignored;
	ssize_t n = host_file_read(daemon->file, &text, &ignored);

	if (daemon->user)
		snprintf(daemon->socket, sizeof(daemon->socket), "/run/user/%u/docker.sock",
			 geteuid());
	else
		snprintf(daemon->socket, sizeof(daemon->socket), "%s", DAEMON_SOCKET);
	if (daemon->args.socket[0])
		snprintf(daemon->socket, sizeof(daemon->socket), "%s", daemon->args.socket);
	else if (n > 0 &&
		 docker_config_parse(&c, daemon->file, text, (size_t)n, &ignored) == 0 &&
		 c.socket)
		snprintf(daemon->socket, sizeof(daemon->socket), "%s", c.socket);
}

/* Root's or our own: of systemd's docker.socket it is systemd who listens. */
static int check_listener(int fd, struct error *err)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return err_errno(err, errno, "who listens there");
	if (peer.uid != 0 && peer.uid != geteuid())
		return err_set(err, EPERM, "user %u listens there", peer.uid);
	return 0;
}

static int connect_to(const char *socket_path, struct error *err)
{
	/* a full queue of connections is EAGAIN, which else would be waited for without end */
	__cleanup(close_fd) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = sizeof(INFO_REQUEST) - 1;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_errno(err, errno, "connecting");
	if (check_listener(fd, err) < 0)
		return -EPERM;
	/* less than any socket's buffer holds */
	if (send(fd, INFO_REQUEST, len, MSG_NOSIGNAL) != (ssize_t)len)
		return err_errno(err, errno, "asking");
	return steal_fd(&fd);
}

char *docker_info_get(const char *socket, int timeout_ms, size_t *len, struct error *err)
{
	__cleanup(close_fd) int fd = connect_to(socket, err);
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = malloc(HOST_FILE_MAX + 1);
	if (!text) {
		err_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	n = read_all(fd, text, HOST_FILE_MAX, timeout_ms);
	if (n >= 0) {
		*len = (size_t)n;
		return text;
	}
	err_errno(err, (int)-n, "its answer");
	free(text);
	return NULL;
}

/* Whoever has just changed the file may have just had it reloaded. */
static void let_it_reload(const char *file)
{
	struct timespec now;
	struct stat st;
	int64_t age;

	if (far_stat(file, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return;
	age = (int64_t)(now.tv_sec - st.st_mtim.tv_sec) * 1000 +
	      (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	if (age >= 0 && age < RELOAD_MS)
		(void)poll(NULL, 0, (int)(RELOAD_MS - age));
}

void docker_daemon_ask(struct docker_daemon *daemon)
{
	find_process(daemon);
	find_file(daemon);
	if (!daemon->pid || daemon->args.elsewhere)
		return;
	find_socket(daemon);
	let_it_reload(daemon->file);
	daemon->text =
		docker_info_get(daemon->socket, DOCKER_ANSWER_MS, &daemon->len, &daemon->err);
	daemon->asked = daemon->text ? DOCKER_ANSWERED : DOCKER_SILENT;
}

void docker_daemon_free(struct docker_daemon *daemon)
{
	free(daemon->text);
	daemon->text = NULL;
}

struct loaded_answer {
	struct docker_loaded loaded;
	struct error err;
	int r;
};

/* In the sandbox. */
static void parse_loaded(const void *arg, void *answer)
{
	const struct docker_daemon *daemon = arg;
	struct loaded_answer *a = answer;

	a->r = docker_info_parse(daemon->text, daemon->len, &a->loaded, &a->err);
}

int docker_daemon_loaded(const struct docker_daemon *daemon, struct docker_loaded *out,
			 struct error *err)
{
	struct loaded_answer a = { 0 };
	int r;

	_Static_assert(sizeof(a) <= SANDBOX_ANSWER_MAX, "an answer holds it");
	if (daemon->asked == DOCKER_NOT_ASKED)
		return -ENODATA;
	if (daemon->asked == DOCKER_SILENT) {
		*err = daemon->err;
		return -EIO;
	}
	r = json_reserve(daemon->len, err);
	if (r == 0)
		r = sandbox_call(parse_loaded, daemon, &a, sizeof(a), INFO_TIMEOUT_MS, err);
	if (r < 0)
		return r;
	if (a.r > 0 || !memchr(a.err.msg, '\0', sizeof(a.err.msg)) ||
	    !docker_loaded_valid(&a.loaded))
		return sandbox_malformed(err);
	if (a.r < 0)
		return err_set(err, EPROTO, "%s", a.err.msg);
	*out = a.loaded;
	return 0;
}

const char *docker_reload_command(const struct docker_daemon *daemon,
				  char out[DOCKER_RELOAD_MAX])
{
	struct container_name unit = { "", "" };

	out[0] = '\0';
	if (daemon->pid)
		container_host_name(daemon->pid, &unit);
	if (daemon->several || strcmp(unit.id, "docker.service") == 0)
		snprintf(out, DOCKER_RELOAD_MAX, "systemctl%s reload docker",
			 daemon->user ? " --user" : "");
	else if (daemon->pid)
		snprintf(out, DOCKER_RELOAD_MAX, "kill -HUP %d", daemon->pid);
	return out;
}
