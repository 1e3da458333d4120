/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says: from now on, nothing is made mergeable on this host. */
#include "policy/stop.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/far_files.h"

bool stop_is_set(void)
{
	struct stat st;
	int r = far_lstat(STOP_PATH, &st);

	/* a link that leads nowhere is there, too; what cannot be looked at may be */
	return r != -ENOENT && r != -ENOTDIR;
}

int stop_check(struct error *err)
{
	if (!stop_is_set())
		return 0;
	return err_reason(err, REASON_HOST_STOPPED,
			  err_set(err, EPERM,
				  "merging is stopped on this host (" STOP_PATH
				  "); ksm-hook stop --end ends that"));
}
