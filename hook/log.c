/* SPDX-License-Identifier: Apache-2.0 */
/* One line per event, to stderr and, for hooks, to syslog as well. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char *applet = "";
static bool use_syslog;
static enum log_level threshold = LOG_LEVEL_WARNING;
static char subject[160];

static const char *const names[] = { "error", "warning", "info", "debug" };

int log_level_parse(const char *text, size_t len, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_init(const char *name, bool to_syslog)
{
	applet = name;
	use_syslog = to_syslog;
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_set_subject(const char *id, pid_t pid)
{
	char clean[128];

	printable(clean, sizeof(clean), id, strlen(id));
	if (pid > 0)
		snprintf(subject, sizeof(subject), " id=%s pid=%d", clean, pid);
	else
		snprintf(subject, sizeof(subject), " id=%s", clean);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	int saved = errno;
	char text[640], line[900];
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*applet)
		snprintf(line, sizeof(line), "ksm-hook[%s]%s: %s\n", applet, subject, text);
	else
		snprintf(line, sizeof(line), "ksm-hook: %s\n", text);
	/* one write, so that the lines of containers that start together do not mix */
	(void)write_all(STDERR_FILENO, line, strlen(line));
	if (use_syslog) {
		openlog("ksm-hook", LOG_PID, LOG_DAEMON);
		syslog(priority[level], "[%s]%s: %s", applet, subject, text);
	}
	errno = saved;
}
