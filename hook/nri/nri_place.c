/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a node's runtimes it is that an agent serves. */
#include "nri/nri_place.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/text.h"
#include "kernel/proc.h"

static void place_of_socket(const char *socket, char out[NRI_PLACE_MAX])
{
	const char *slash = strrchr(socket, '/');
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s/.", slash ? (int)(slash - socket) : 1,
		 slash ? socket : ".");
	if (stat(dir, &st) == 0)
		snprintf(out, NRI_PLACE_MAX, "%" PRIx64 "-%" PRIx64 "-%" PRIx64,
			 (uint64_t)st.st_dev, (uint64_t)st.st_ino,
			 text_hash(slash ? slash + 1 : socket));
}

/* Two on one node differ at least in their configuration's path. */
static void place_of_peer(int runtime, char out[NRI_PLACE_MAX])
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	char line[4096];
	ssize_t n;

	if (getsockopt(runtime, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
		return;
	n = proc_read_head(peer.pid, "cmdline", line, sizeof(line));
	if (n <= 0)
		return;
	for (ssize_t i = 0; i < n; i++) {
		if (!line[i])
			line[i] = '\n';
	}
	line[n] = '\0';
	snprintf(out, NRI_PLACE_MAX, "%" PRIx64, text_hash(line));
}

void nri_place(const char *socket, int runtime, char out[NRI_PLACE_MAX])
{
	out[0] = '\0';
	if (socket)
		place_of_socket(socket, out);
	else
		place_of_peer(runtime, out);
}
