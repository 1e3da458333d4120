/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of the groups that share a layout, and who is a member. */
#ifndef KSM_GROUP_H
#define KSM_GROUP_H

#include <sys/types.h>

#include "base/error.h"
#include "layout/group_file.h"

/*
 * The stack limits that a group may have: the kernel puts the mappings below a gap as large
 * as the limit, in pages, but never nearer to the top than the first of these (SIZE_128M in
 * mm/util.c, gap_min). What a thread of glibc takes for its stack is bounded by the other.
 */
#define GROUP_PAGE      4096
#define GROUP_STACK_MIN (128u << 20)
#define GROUP_BITS      18

/*
 * The group's secrets, made where it has none. id becomes a member, for as long as the process
 * pid lives; pid 0 where it is not known yet: then for as long as something runs in the
 * container of that id, and for a minute in any case. Members that have ended are left out,
 * and so are groups without a member.
 *
 * owner is the user whose containers these are: 0 for the host's root, whose groups nobody
 * else can read; others have their own below /run/user.
 */
int group_join(unsigned owner, const char *name, const char *id, pid_t pid,
	       struct group_secrets *out, struct error *err);

/* id is a member no more, of whichever group it was. The last one takes the secrets along. */
int group_leave(unsigned owner, const char *id, struct error *err);

/* The group that id is a member of; its name into name, if that is not NULL. -ENOENT */
int group_of_member(unsigned owner, const char *id, char *name, size_t size,
		    struct group_secrets *out);

#endif
