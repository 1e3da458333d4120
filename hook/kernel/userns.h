/* SPDX-License-Identifier: Apache-2.0 */
/* Our user namespace: is it the host's, and who outside of it are we? */
#ifndef KSM_USERNS_H
#define KSM_USERNS_H

#include <stdbool.h>
#include <sys/types.h>

/* Ours is the initial one, in which every user has its own number. */
bool userns_is_initial(void);

/*
 * The user for whom we work: ourselves; as root of a user namespace whoever that root is in
 * the namespace around it, which rootless engines make of their user.
 */
uid_t userns_owner(void);

/*
 * The same for a process: who made the user namespace that its pid namespace belongs to, as
 * rootless engines' users do. userns_owner() where that is ours, or cannot be read.
 */
uid_t userns_owner_of(pid_t pid);

#endif
