/* SPDX-License-Identifier: Apache-2.0 */
/* Is there an agent, and has the runtime taken it on? A lock says so, which ends with its process. */
#include "nri/nri_presence.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Of the process: children, which may outlive it, do not hold it. */
static int presence_fd = -1;

void nri_presence_set(bool registered)
{
	/* one that others can have, too: a node may have an agent for each of its runtimes */
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	close_fd(&presence_fd);
	presence_fd = -1;
	if (!registered)
		return;
	(void)mkdir("/run/ksm-hook", 0755);
	presence_fd = open(NRI_PRESENCE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (presence_fd >= 0)
		(void)fcntl(presence_fd, F_SETLK, &l);
}

bool nri_presence_is_there(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	__cleanup(close_fd) int fd = open(NRI_PRESENCE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	/* nobody but root can open it, and so lock it */
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & 077) &&
	       fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}
