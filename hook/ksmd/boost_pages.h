/* SPDX-License-Identifier: Apache-2.0 */
/* pages_to_scan while a boost is on, and the note of what was written there. */
#ifndef KSM_BOOST_PAGES_H
#define KSM_BOOST_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/* The number in a setting's text, -1 where it is none. */
int64_t boost_setting(const char *text);

/* pages_to_scan as it is now, -1 where it cannot be read. */
int64_t boost_read_pages(void);

/* 0 or -errno. */
int boost_write_pages(int64_t pages);

/*
 * Note in the state's directory both the value that is there and the one that comes: we may be
 * killed between the two. 0 or -errno.
 */
int boost_note(int dir, int64_t now, int64_t next);

/* Is this value of pages_to_scan one that a boost wrote? */
bool boost_is_noted(int dir, int64_t pages);

/*
 * For whoever holds the lock: back to the rate at rest, unless somebody else has set another.
 * 0 or -errno.
 */
int boost_return_to_rest(int dir, int64_t rest);

#endif
