/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller leaves to us and must get back: signals, and the standard descriptors. */
#ifndef KSM_SURROUNDINGS_H
#define KSM_SURROUNDINGS_H

/*
 * For whatever an engine starts, and only when there is more to do than to answer no: a reader
 * that is gone, or a limit of file sizes, is an error of write(2) and no signal; children can
 * be waited for; no file of ours becomes one of the standard descriptors. A second call does
 * nothing. Keeps errno.
 */
void surroundings_take(void);

/* The same without the signals of write(2): a pipe may end a command that somebody typed. */
void surroundings_take_children(void);

/* Before execve(2): signals as the caller left them. Descriptors of ours close by themselves. */
void surroundings_give_back(void);

#endif
