/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json and conf.d, read once, whatever file system they lie on.
 *
 * Every container's start waits for these files. On the root directory's own file system they
 * are read here and now, for nothing more than it takes to read them. Any other may be a server's
 * that does not answer (FUSE, NFS), and then not even SIGKILL need end the wait: that is left to
 * a child.
 */
#include "oci/config_load.h"

#include <errno.h>
#include <stdbool.h>

#include "base/patience.h"
#include "policy/config_read.h"

#define FAR_TIMEOUT_MS 1000

/* In the child of patience_run(). */
struct far_config {
	const char *path;
	int result; /* of the reading, where that came to its end */
	struct config_files files;
	struct error err;
};

static struct config_files near_files;
static const struct config_files *loaded = &near_files;
static struct far_config *far_loaded; /* whose files are loaded; NULL: near ones */
/* Not zero at first: that is on a page which was written to when the program was loaded. */
static bool is_unread = true;

static int read_far(void *arg)
{
	struct far_config *far = arg;

	far->result = config_files_read(far->path, &far->files, NULL, NULL, &far->err);
	return 0;
}

static int load_far(const char *path, struct error *err)
{
	struct far_config *far = patience_memory(sizeof(*far));
	int r = -ENOMEM;

	near_files.n = near_files.len = near_files.names_len = 0;
	if (far) {
		far->path = path;
		r = patience_run(read_far, far, FAR_TIMEOUT_MS);
	}
	if (r == 0) {
		loaded = &far->files;
		far_loaded = far;
		*err = far->err;
		return far->result;
	}
	/* a child that has not come back has its own way to that memory */
	patience_free(far, sizeof(*far));
	return err_reason(err, REASON_CONFIG_UNREADABLE,
			  r == -ETIMEDOUT ?
				  err_set(err, ETIMEDOUT,
					  "%s: its file system has not answered within %d ms",
					  path, FAR_TIMEOUT_MS) :
				  err_errno(err, -r, "%s", path));
}

int config_load(const char *path, struct error *err)
{
	static struct error failure;
	static int ret;

	if (is_unread) {
		near_files.near = true;
		ret = config_files_read(path, &near_files, NULL, NULL, &failure);
		if (ret == -EXDEV)
			ret = load_far(path, &failure);
		is_unread = false;
	}
	if (ret < 0 && err)
		*err = failure;
	return ret;
}

void config_forget(void)
{
	/* one that is loaded has no child any more that writes to it */
	patience_free(far_loaded, sizeof(*far_loaded));
	far_loaded = NULL;
	loaded = &near_files;
	is_unread = true;
}

const struct config_files *config_loaded(void)
{
	return loaded;
}
