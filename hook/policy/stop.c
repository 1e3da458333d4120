/* SPDX-License-Identifier: Apache-2.0 */
/* The files that say: from now on, nothing is made mergeable on this host. */
#include "policy/stop.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/far_files.h"

static bool may_be_there(const char *path)
{
	struct stat st;
	int r = far_lstat(path, &st);

	/* a link that leads nowhere is there, too; what cannot be looked at may be */
	return r != -ENOENT && r != -ENOTDIR;
}

const char *stop_place(void)
{
	return may_be_there(STOP_PATH)     ? STOP_PATH :
	       may_be_there(STOP_PATH_RUN) ? STOP_PATH_RUN :
					     NULL;
}

bool stop_is_set(void)
{
	return stop_place();
}

int stop_check(struct error *err)
{
	const char *place = stop_place();

	if (!place)
		return 0;
	return err_reason(err, REASON_HOST_STOPPED,
			  err_set(err, EPERM,
				  "merging is stopped on this host (%s); "
				  "ksm-hook stop --end ends that",
				  place));
}
