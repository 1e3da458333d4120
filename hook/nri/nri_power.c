/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's agent does with its power, when its confined reader asks for it. */
#include "nri/nri_power.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "containers/identify.h"
#include "containers/metadata.h"
#include "inject/container_init.h"
#include "kernel/process.h"
#include "ksmd/boost.h"
#include "nri/nri_existing.h"
#include "oci/config_load.h"
#include "oci/method.h"

/* The runtime has let the init go: it is about to execute the workload. */
#define EXEC_WAIT_MS 5000
/* So long a configuration whose file system does not answer is not asked for again. */
#define SILENT_MS 30000

/*
 * A few small files: to read them costs less than to find out whether they changed. A server that does
 * not answer is waited for by a child, for less than a runtime waits for us; each such look leaves a
 * child behind, so there is not one at each start.
 */
static int read_config(struct nri_config *c, struct config_files *files, struct error *err)
{
	int r;

	files->n = files->len = files->names_len = 0;
	if (c->silent_ms && now_ms() - c->silent_ms < SILENT_MS) {
		*err = c->err;
		return c->result;
	}
	config_forget();
	r = config_load(c->path, err);
	c->silent_ms = r == -ETIMEDOUT ? now_ms() : 0;
	if (r == 0) {
		*err = (struct error){ "" };
		*files = *config_loaded();
	}
	return r;
}

void nri_config_answer(struct nri_config *c, struct nri_answer *answer)
{
	struct config_files *next = &c->files[!c->now];
	struct error err = { "" };
	int r = read_config(c, next, &err);

	if (c->sent && r == c->result && err_same(&err, &c->err) &&
	    config_files_equal(next, &c->files[c->now]))
		return;
	c->now = !c->now;
	c->sent = true;
	c->result = r;
	c->err = err;
	answer->changed = true;
	answer->config_result = r;
	answer->err = err;
	answer->config_files = r < 0 ? 0 : next->n;
}

int nri_config_send(const struct nri_config *c, size_t n, int fd)
{
	for (size_t i = 0; i < n; i++) {
		const struct config_text *file = &c->files[c->now].file[i];
		const struct iovec part[] = { { (char *)file->path, strlen(file->path) + 1 },
					      { (char *)file->text, file->len } };

		if (writev(fd, part, 2) != (ssize_t)(part[0].iov_len + part[1].iov_len))
			return -EPIPE;
	}
	return 0;
}

int nri_config_receive(struct config_files *files, size_t n, int fd)
{
	static char packet[PATH_MAX + CONFIG_MAX];

	files->n = files->len = files->names_len = 0;
	for (size_t i = 0; i < n; i++) {
		ssize_t len = read(fd, packet, sizeof(packet));
		const char *end = len > 0 ? memchr(packet, '\0', (size_t)len) : NULL;

		if (!end || config_files_add(files, packet, end + 1,
					     (size_t)len - (size_t)(end + 1 - packet)) < 0)
			return -EPROTO;
	}
	return 0;
}

/* The runtime's program, which an init executes before the workload's, by recent process ids. */
static struct {
	pid_t pid;
	off_t size;
} inits[256];

static void note_init(pid_t pid)
{
	size_t i = (size_t)pid % ARRAY_SIZE(inits);

	inits[i].pid = pid;
	inits[i].size = process_program_size(pid);
}

/* One that is not known executes the workload, as far as we know. */
static off_t noted_size(pid_t pid)
{
	size_t i = (size_t)pid % ARRAY_SIZE(inits);

	return inits[i].pid == pid ? inits[i].size : -2;
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
	if (t->pidfd < 0 || !container_has_process(c->id, c->pid)) {
		if (t->pidfd >= 0 && proc_is_there(t->pidfd))
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
	note_init(c->pid);
	metadata_write(c->id, c->pid, &c->metadata);
	boost_start(true);
	return 0;
}

ssize_t nri_check_started(const struct container_decision *c, struct error *err)
{
	struct inject_target t = { .pid = c->pid, .pidfd = -1 };
	struct nri_existing one = { 0 };
	size_t failed = 0;
	ssize_t n = pin_init(c, &t, err);

	if (n == 0) {
		(void)process_wait_for_exec(c->pid, t.pidfd, noted_size(c->pid), EXEC_WAIT_MS);
		n = nri_existing_add(&one, c, err);
	}
	if (n == 0)
		n = nri_existing_merge(&one, &failed, err);
	nri_existing_free(&one);
	close_fd(&t.pidfd);
	return n >= 0 && failed ? -EAGAIN : n;
}
