/* SPDX-License-Identifier: Apache-2.0 */
/* By which of the two ways a container becomes mergeable, once its runtime has started. */
#include "oci/method.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/patience.h"
#include "kernel/ksm.h"

/* ksm-hook precreate adds it; a user may have done it without. */
#define LIBRARY "libksm_preload.so"
/* A bundle on a file system of a server (FUSE, NFS) that does not answer. */
#define BUNDLE_TIMEOUT_MS 1000

/* A search of the bytes is enough: nothing but a message and an exit status depends on it. */
static int has_library(void *arg)
{
	const char *bundle = arg;
	static char text[64u << 10];
	char path[sizeof(((struct container_decision *)NULL)->bundle) + 16];
	__cleanup(close_fd) int fd = -1;
	size_t kept = 0;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/config.json", bundle);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	while ((n = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		size_t len = kept + (size_t)n;

		if (memmem(text, len, LIBRARY, strlen(LIBRARY)))
			return 1;
		/* the name may begin at the end of what was read */
		kept = len < strlen(LIBRARY) ? len : strlen(LIBRARY) - 1;
		memmove(text, text + len - kept, kept);
	}
	return 0;
}

int method_choose(const struct container_decision *c, enum method_way *way, struct error *err)
{
	bool no_prctl = c->decision.method == METHOD_AUTO && ksm_self_is_merged() < 0;

	if (c->decision.method != METHOD_PRELOAD && !no_prctl) {
		*way = METHOD_WAY_INJECT;
		return 0;
	}
	if (c->bundle[0] &&
	    patience_run(has_library, (void *)c->bundle, BUNDLE_TIMEOUT_MS) > 0) {
		*way = METHOD_WAY_LIBRARY;
		return 0;
	}
	return err_reason(err, REASON_PRELOAD_MISSING,
			  err_set(err, ENOENT,
				  "%s, and the container's config.json does not name " LIBRARY
				  ", which `ksm-hook precreate` adds under podman",
				  no_prctl ? "this kernel has no prctl(PR_SET_MEMORY_MERGE)" :
					     "method preload"));
}
