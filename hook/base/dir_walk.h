/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory holds, name by name. */
#ifndef KSM_DIR_WALK_H
#define KSM_DIR_WALK_H

/* 0 to go on; all else ends the walk. */
typedef int (*dir_visit)(int dirfd, const char *name, void *arg);

/*
 * Visit all names of a directory but "." and "..", in the file system's order. It is read from where
 * dirfd stands, which stays open: to be walked over again it is set back with lseek(). Returns what the
 * last visit did, or -errno where the directory cannot be read.
 */
int dir_for_each(int dirfd, dir_visit visit, void *arg);

/* The same by path, which may be a link. */
int dir_for_each_of(const char *path, dir_visit visit, void *arg);

#endif
