/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file for each group in /run/ksm-hook/groups, which is root's alone. A reader or writer
 * holds the directory's lock, and a file is replaced, never changed.
 */
#ifndef KSM_GROUP_FILE_H
#define KSM_GROUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct group_secrets {
	uint64_t stack;  /* the soft RLIMIT_STACK, in bytes */
	uint32_t python; /* PYTHONHASHSEED; 0 would mean none */
	char perl[33];   /* PERL_HASH_SEED, hexadecimal */
	uint32_t
		v8; /* KSM_PRELOAD_V8_SEED, below 2^31; 0: none, the group is of an older version */
};

/* More members than this a group does not have: the file, and the look at it, stay small. */
#define GROUP_MEMBERS_MAX 1024

/* One for as long as any of these says so. */
struct group_member {
	char id[256];    /* as a file name; for people, and to take back what was reserved */
	pid_t pid;       /* 0: not known */
	uint64_t start;  /* of pid */
	int64_t pending; /* until then in any case: it is being started */
	char place[256]; /* as a file name: what its runtime keeps until it is deleted; or "" */
};

struct group_record {
	struct group_secrets group;
	struct group_member *member;
	size_t n;
};

/*
 * A text as the name of a file: letters, digits, "-" and "_" stand for themselves, everything
 * else is %XX, so that no two texts have one name. 0, -EINVAL, -ENAMETOOLONG.
 */
int group_name_encode(const char *text, char *out, size_t size);
void group_name_decode(const char *name, char *out, size_t size);

/* The directory with the groups of owner; -errno. */
int group_directory_open(unsigned owner, bool make, struct error *err);

/*
 * Lock it until it is unlocked by flock(2) or closed. 0, or -EBUSY after a second: nobody holds
 * it for longer than the look at one file takes.
 */
int group_directory_lock(int dir, struct error *err);

/* The file's first line only, without the lock, since a file is only ever replaced. */
int group_file_secrets(int dir, const char *name, struct group_secrets *out);

/* 0, -ENOENT, or -EBADMSG for what we have not written; r is to be freed in any case. */
int group_file_read(int dir, const char *name, struct group_record *r);

/* Replace the file; without members it is removed. 0 or -errno. */
int group_file_write(int dir, const char *name, const struct group_record *r);

/* One member more, to be filled in; NULL where there is no place for it. */
struct group_member *group_record_add(struct group_record *r);

void group_record_free(const struct group_record *r);

#endif
