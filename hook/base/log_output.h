/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hook's lines go. Nobody waits long for whoever should read them. */
#ifndef KSM_LOG_OUTPUT_H
#define KSM_LOG_OUTPUT_H

#include <stddef.h>

/*
 * Of a process that stays: it waits half a second for who does not take its lines, and then no more
 * until they are taken again. What was not is lost.
 */
void log_output_stays(void);

/*
 * Write a line to stderr, given up when it has not been taken within what is left of half a
 * second, which all lines of the process have together. The descriptor's flags are others'
 * too and stay as they are. len is at most PIPE_BUF: less is written at once or not at all.
 */
void log_output_stderr(const char *line, size_t len);

/* As long as a line for syslog can be, with its NUL; the rest is cut. */
#define LOG_OUTPUT_MAX 4096

/*
 * Send a line to /dev/log as syslog(3) would with LOG_PID, within the same time: that one waits
 * for as long as the queue is full. priority: facility | level.
 */
void log_output_syslog(int priority, const char *text);

#endif
