/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what was stored of containers, for a command that has given up writing. */
#ifndef KSM_METADATA_JANITOR_H
#define KSM_METADATA_JANITOR_H

/*
 * Where metadata is stored: fork a process without capabilities that removes the files which this
 * one and its children name, until they have ended. Nothing happens where that is not possible:
 * what is left is removed the next time.
 */
void metadata_janitor_start(void);

/* Have the file removed by the janitor; by this process where there is none. */
void metadata_janitor_remove(int dir, const char *id);

#endif
