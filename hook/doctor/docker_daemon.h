/* SPDX-License-Identifier: Apache-2.0 */
/* The dockerd that is meant: its process, its daemon.json, and what it says that it has loaded. */
#ifndef KSM_DOCKER_DAEMON_H
#define KSM_DOCKER_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "doctor/docker_info.h"

/* Of root's, where its command line names no other. */
#define DOCKER_DAEMON_JSON "/etc/docker/daemon.json"

struct docker_daemon {
	pid_t pid;    /* 0: none of our user's runs, or there are several */
	bool several; /* of the host, not in containers */
	bool user;    /* it is a user's own, rootless one */
	struct docker_args args;
	char file[PATH_MAX]; /* its daemon.json, which need not be there */
	char socket[DOCKER_SOCKET_MAX];
	enum docker_asked {
		DOCKER_NOT_ASKED, /* there is nobody to be asked */
		DOCKER_SILENT,    /* err says why there is no answer */
		DOCKER_ANSWERED,
	} asked;
	struct error err;
	char *text; /* the answer, of any bytes; from malloc */
	size_t len;
};

/*
 * Find it, and ask it for no longer than DOCKER_ANSWER_MS what it has loaded, which changes
 * nothing. Before privileges_only_look(), which ends the making of sockets. Only a daemon that
 * runs is asked: a connection to systemd's docker.socket would start one.
 */
#define DOCKER_ANSWER_MS 10000
void docker_daemon_ask(struct docker_daemon *daemon);
void docker_daemon_free(struct docker_daemon *daemon);

/*
 * The second half of it: GET /info of whoever listens at the socket, root or our own user.
 * Its text, of *len bytes and for the caller to free; NULL with err.
 */
char *docker_info_get(const char *socket, int timeout_ms, size_t *len, struct error *err);

/*
 * What it has loaded, from the answer, which is taken apart in a process without rights. 0;
 * -errno with err: what it has is not known. -ENODATA: nobody was asked.
 */
int docker_daemon_loaded(const struct docker_daemon *daemon, struct docker_loaded *out,
			 struct error *err);

/* The command that makes it read its daemon.json again; "" where none runs. Returns out. */
#define DOCKER_RELOAD_MAX 64
const char *docker_reload_command(const struct docker_daemon *daemon,
				  char out[DOCKER_RELOAD_MAX]);

#endif
