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
};

struct group_member {
	char id[256]; /* as a file name */
	pid_t pid;
	uint64_t start;  /* of pid */
	int64_t pending; /* without a pid: until then, whether there is a process or not */
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

/* The directory with the groups of owner, locked until it is closed; -errno. */
int group_directory_open(unsigned owner, bool make, struct error *err);

/* 0, -ENOENT, or -EBADMSG for what we have not written; r is to be freed in any case. */
int group_file_read(int dir, const char *name, struct group_record *r);

/* Replace the file; without members it is removed. 0 or -errno. */
int group_file_write(int dir, const char *name, const struct group_record *r);

/* One member more, to be filled in; NULL where there is no place for it. */
struct group_member *group_record_add(struct group_record *r);

void group_record_free(const struct group_record *r);

#endif
