/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what dockerd answers to GET /info, and what its command line says. */
#ifndef KSM_DOCKER_INFO_H
#define KSM_DOCKER_INFO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* sockaddr_un's (unix(7)) */
#define DOCKER_SOCKET_MAX 108
/* Fits into an answer of the sandbox; Docker has two runtimes of its own. */
#define DOCKER_LOADED_MAX 16

/* What a dockerd that runs has loaded. Texts are raw. */
struct docker_loaded {
	size_t n;
	bool truncated; /* there are more, or one with a longer name or path */
	char default_runtime[64];
	struct {
		char name[64], path[256]; /* path is "" where it is not told */
	} runtime[DOCKER_LOADED_MAX];
};

/*
 * The answer to a request of HTTP/1.0, head and all, of len bytes; json_reserve(len) before, where
 * no system call can be made. -EPROTO where it is no success, -EINVAL where it is not JSON.
 */
int docker_info_parse(const char *text, size_t len, struct docker_loaded *out,
		      struct error *err);

/* False where the sandbox has sent what docker_info_parse() does not write. */
bool docker_loaded_valid(const struct docker_loaded *loaded);

/* The index of the runtime of that name; loaded->n where there is none. */
size_t docker_loaded_find(const struct docker_loaded *loaded, const char *name);

struct docker_args {
	char config[PATH_MAX]; /* of --config-file; "" */
	char socket
		[DOCKER_SOCKET_MAX]; /* of the first -H or --host that is a unix:// one; "" */
	bool elsewhere;              /* there are some, and none is a socket of the host's */
	bool hosts;                  /* there are some */
	bool validates;              /* it judges a file, and is no daemon */
	bool runtimes;               /* there is an --add-runtime */
};

/* From /proc/PID/cmdline: words that each end with a NUL. */
void docker_args_parse(const char *args, size_t len, struct docker_args *out);

/* The path of "unix:///run/docker.sock"; NULL for what is no socket's, or too long. */
const char *docker_host_socket(const char *host);

#endif
