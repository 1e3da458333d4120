/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of the groups that share a layout, and who is a member. */
#ifndef KSM_GROUP_H
#define KSM_GROUP_H

#include <sys/types.h>

#include "base/error.h"
#include "layout/group_file.h"

/*
 * Who joins, and what keeps it a member: the process pid while it lives, and what the runtime
 * keeps of the container at the absolute path place. With neither, for a minute. An id does not:
 * it may be another's.
 */
struct group_joiner {
	const char *id;
	pid_t pid;         /* 0: not known yet */
	const char *place; /* NULL: none */
};

/*
 * Can a group have a secret stack limit on this machine? -ENOTSUP: it has too little memory, or
 * that is not known.
 */
int group_check_machine(struct error *err);

/*
 * The group's secrets, made anew where no member of it is left. What the same id had reserved
 * is taken back; a group has GROUP_MEMBERS_MAX members at most. No other group is looked at,
 * and of this one's members no more than a few that are still there.
 *
 * owner is the user whose containers these are: 0 for the host's root, whose groups nobody
 * else can read; others have their own below /run/user.
 */
int group_join(unsigned owner, const char *name, const struct group_joiner *who,
	       struct group_secrets *out, struct error *err);

/* It is a member no more, by the same words. The last one takes the secrets along. */
void group_leave(unsigned owner, const char *name, const struct group_joiner *who);

/*
 * The container id has ended: leave out members who have. First of the group of that name, if
 * it is not NULL, with what id had reserved there; then of others, as many as can be looked at
 * within some milliseconds. gone is a place that counts as removed already, or NULL.
 */
void group_forget_ended(unsigned owner, const char *name, const char *id, const char *gone);

/* The group whose secret this stack limit is; its name into name, if that is not NULL. -ENOENT */
int group_of_stack(unsigned owner, uint64_t stack, char *name, size_t size,
		   struct group_secrets *out);

#endif
