/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's agent does with its power, when its confined reader asks for it. */
#include "nri/nri_power.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "containers/identify.h"
#include "containers/metadata.h"
#include "inject/container_init.h"
#include "kernel/proc.h"
#include "ksmd/boost.h"
#include "oci/method.h"

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void nri_config_answer(struct nri_config *c, struct nri_answer *answer)
{
	struct stat now = { 0 };
	int failed = stat(c->path, &now) < 0 ? errno : 0;
	ssize_t n;

	if (c->sent && failed == c->failed && is_same_file(&now, &c->seen))
		return;
	/* what is written from now on is seen the next time */
	c->sent = true;
	c->failed = failed;
	c->seen = now;
	answer->changed = true;
	n = config_read(c->path, c->text, &answer->err);
	if (n >= 0)
		answer->err.msg[0] = '\0';
	answer->config_len = n < 0 ? 0 : (size_t)n;
}

bool nri_is_process_of(pid_t pid, const char *id)
{
	struct container_name name;

	return container_of(pid, &name) && strcmp(name.id, id) == 0;
}

static int foreign(const struct container_decision *c, struct error *err)
{
	return err_reason(err, REASON_INIT_FOREIGN,
			  err_set(err, EPERM,
				  "the runtime says process %d, and that is not in the "
				  "container's cgroup",
				  c->pid));
}

/* t->pidfd is the caller's to close. */
static int pin_init(const struct container_decision *c, struct inject_target *t,
		    struct error *err)
{
	if (c->pid <= 1)
		return err_reason(err, REASON_INIT_MISSING,
				  err_set(err, EINVAL,
					  "the runtime does not say the container's process"));
	t->pidfd = proc_pin(c->pid);
	/* what was read by number counts if the process is still there */
	if (t->pidfd < 0 || !nri_is_process_of(c->pid, c->id)) {
		if (t->pidfd >= 0 && syscall(SYS_pidfd_send_signal, t->pidfd, 0, NULL, 0) == 0)
			return foreign(c, err);
		return err_reason(err, REASON_INIT_GONE,
				  err_set(err, ESRCH,
					  "there is no process %d; ksm-hook nri has to run in "
					  "the host's pid namespace (hostPID)",
					  c->pid));
	}
	return 0;
}

int nri_merge_start(const struct container_decision *c, struct error *err)
{
	struct inject_target t = { .pid = c->pid, .pidfd = -1 };
	enum method_way way;
	int r = method_choose(c, &way, err);

	if (r < 0)
		return r;
	r = pin_init(c, &t, err);
	if (r == 0)
		r = container_init_set_mergeable(&t, err);
	close_fd(&t.pidfd);
	if (r < 0)
		return r;
	metadata_write(c->id, c->pid, &c->metadata);
	boost_start(true);
	return 0;
}
