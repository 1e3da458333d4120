/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a node's runtimes it is that an agent serves. */
#ifndef KSM_NRI_PLACE_H
#define KSM_NRI_PLACE_H

#define NRI_PLACE_MAX 64

/*
 * A name that stays the same when the runtime is restarted, and that an agent in a pod finds as well:
 * the directory that the socket lies in, by its inode, as each pod may have it by another path. Of a
 * runtime that has started us itself (socket is NULL), what it was started with; runtime is connected
 * to it. "" where neither can be seen.
 */
void nri_place(const char *socket, int runtime, char out[NRI_PLACE_MAX]);

#endif
