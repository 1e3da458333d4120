/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --features: a file for Node Feature Discovery. */
#include "applets/nri_features.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "kernel/ksm.h"
#include "nri/nri_presence.h"
#include "policy/stop.h"

/* NFD's default, which it has of the node as well; v0.14 and later know when a file expires. */
#define FEATURES_DIR  "/etc/kubernetes/node-feature-discovery/features.d"
#define FEATURES_FILE "ksm-hook"

#define LABEL "feature.node.kubernetes.io/ksm-"

/* NFD reads every minute. */
#define WRITE_EVERY_MS  60000
#define EXPIRES_SECONDS 300

/* What a process of a container's keeps of being made mergeable. */
static const char *kernel_label(enum probe_way kernel)
{
	switch (kernel) {
	case PROBE_INHERIT:
		return "inherited";
	case PROBE_EACH_EXEC:
		return "lost-at-exec";
	case PROBE_MADVISE:
		return "madvise";
	case PROBE_NO_KSM:
		break;
	}
	return "none";
}

static int write_features(const struct nri_features *f, struct error *err)
{
	char path[PATH_MAX], text[600], expires[40];
	time_t until = time(NULL) + EXPIRES_SECONDS;
	int64_t run = 0;
	struct tm tm;
	int len;

	if (snprintf(path, sizeof(path), "%s/" FEATURES_FILE, f->dir) >= (int)sizeof(path))
		return err_set(err, ENAMETOOLONG, "%.100s", f->dir);
	if (!gmtime_r(&until, &tm) ||
	    !strftime(expires, sizeof(expires), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return err_set(err, EOVERFLOW, "the time");
	(void)ksm_sysfs("run", &run);
	len = snprintf(text, sizeof(text),
		       "# +expiry-time=%s\n" LABEL "kernel=%s\n" LABEL "running=%s\n", expires,
		       kernel_label(f->kernel), run == 1 ? "true" : "false");
	/* who is stopped makes nothing mergeable */
	if (f->agent && !stop_is_set())
		len += snprintf(text + len, sizeof(text) - (size_t)len, LABEL "agent=%s\n",
				f->agent);
	return replace_file(AT_FDCWD, path, text, (size_t)len, 0644, err);
}

static _Noreturn void write_in_child(const struct nri_features *f)
{
	struct error err;
	int r = write_features(f, &err);

	if (r < 0 && !f->failed)
		log_warning("no labels of this node: --features: %s", err.msg);
	_exit(r < 0);
}

int nri_features_keep(struct nri_features *f)
{
	int64_t left = f->next_ms - now_ms();

	/* its end wakes us up */
	if (!f->dir || f->writer)
		return -1;
	if (f->next_ms && left > 0 && f->written == f->agent)
		return (int)left;
	f->writer = fork();
	if (f->writer == 0)
		write_in_child(f);
	if (f->writer < 0) {
		log_warning("no labels of this node: fork: %s", strerror(errno));
		f->writer = 0;
	}
	f->written = f->agent;
	f->next_ms = now_ms() + WRITE_EVERY_MS;
	return WRITE_EVERY_MS;
}

void nri_features_ended(struct nri_features *f, pid_t pid, int status)
{
	if (pid != f->writer)
		return;
	f->writer = 0;
	f->failed = status != 0;
}

/* 1, 0: there is none, or -errno */
static int remove_from(const char *dir, struct error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" FEATURES_FILE, dir);
	if (unlink(path) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "%s", path);
}

void nri_features_remove(struct nri_features *f)
{
	struct error err;

	if (!f->dir)
		return;
	/* else it would write it behind us */
	if (f->writer)
		(void)child_wait(f->writer, NULL);
	if (remove_from(f->dir, &err) < 0)
		log_warning("labels of this node stay until they expire: %s", err.msg);
}

int nri_features_forget(struct error *err)
{
	return nri_presence_is_there() ? 0 : remove_from(FEATURES_DIR, err);
}
