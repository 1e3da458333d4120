/* SPDX-License-Identifier: Apache-2.0 */
/* Where does a path lead? Asked without touching a file system that need not answer (NFS, FUSE). */
#ifndef KSM_NEAR_PATH_H
#define KSM_NEAR_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does path, from dirfd on, lead over directories of one file system alone, without a link and
 * without ".."? Asks none but that one. Also true where there is no such file, which that one says.
 */
bool path_stays_near(int dirfd, const char *path);

/*
 * The same of an absolute path, to which / and /run are one: without both no host works. If not,
 * place is the first directory of another file system, or the link.
 */
bool path_is_hosts(const char *path, char *place, size_t size);

/*
 * To the end, whatever that leads to. place is written to before the next file system is asked,
 * for another process to read who holds this up.
 */
void path_follow(const char *path, char *place, size_t size);

#endif
