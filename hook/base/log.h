/* SPDX-License-Identifier: Apache-2.0 */
/* One line per event, to stderr and, for hooks, to syslog as well. */
#ifndef KSM_LOG_H
#define KSM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macros.h"
#include "base/reason.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warning", "info", "debug"; -EINVAL for anything else. */
int log_level_parse(const char *text, size_t len, enum log_level *out);

/*
 * applet is shown in every line. Of a hook, lines go to syslog too: runtimes show a hook's
 * stderr only when it fails (runc) or not at all (crun). It does not wait for who reads them,
 * and lives where nobody does.
 */
void log_init(const char *applet, bool hook);
/* Behind log_init(): of a process that stays, and must not wait for who reads its lines (log_output.h). */
void log_init_stays(void);
void log_set_level(enum log_level level);

/* The container and process (0: none yet) that the next lines are about; id is copied. None if empty. */
void log_set_subject(const char *id, pid_t pid);

/*
 * Write to this file in the form of an OCI runtime's log, and errors to stderr as well: below
 * a runtime, stderr may be the container's. The path is not copied; NULL: stderr only.
 */
void log_set_runtime_log(const char *path, bool json);

/*
 * Keeps errno. Says what happened, why, and what to do; no newline. The reason's code, if it
 * is not REASON_NONE, stands in the line behind whom it is about: reason=CODE.
 */
void log_reason(enum log_level level, enum reason reason, const char *fmt, ...) __printf(3, 4);

#define log_at(level, ...) log_reason(level, REASON_NONE, __VA_ARGS__)

#define log_error(...)   log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
