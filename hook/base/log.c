/* SPDX-License-Identifier: Apache-2.0 */
/* One line per event, to stderr and, for hooks, to syslog as well. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log_output.h"
#include "base/surroundings.h"
#include "base/text.h"

static const char *applet = "";
static bool is_hook, is_bounded;
static enum log_level threshold = LOG_LEVEL_WARNING;
static char subject[160];
static const char *runtime_log; /* NULL: there is none, stderr is the log */
static bool runtime_json;

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

void log_init(const char *name, bool hook)
{
	applet = name;
	is_hook = is_bounded = hook;
}

void log_init_stays(void)
{
	is_bounded = true;
	log_output_stays();
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_set_subject(const char *id, pid_t pid)
{
	char clean[128];

	printable_word(clean, sizeof(clean), id);
	if (!*id && pid <= 0)
		subject[0] = '\0';
	else if (pid > 0)
		snprintf(subject, sizeof(subject), " id=%s pid=%d", clean, pid);
	else
		snprintf(subject, sizeof(subject), " id=%s", clean);
}

void log_set_runtime_log(const char *path, bool json)
{
	runtime_log = path;
	runtime_json = json;
}

/* As logrus has it, which containerd and podman look for what went wrong in. */
static bool to_runtime_log(enum log_level level, const char *text)
{
	/* what the runtime itself would do: the engine may not have made the file yet */
	__cleanup(close_fd) int fd =
		open(runtime_log,
		     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	char quoted[2700], line[2900], when[32];
	time_t now = time(NULL);
	struct tm tm;
	size_t n = 0;

	if (fd < 0)
		return false;
	for (; *text && n + 2 < sizeof(quoted); text++) {
		if (*text == '"' || *text == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *text < 0x20 || *text > 0x7e ? '?' : *text;
	}
	quoted[n] = '\0';
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	snprintf(line, sizeof(line),
		 runtime_json ? "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n" :
				"level=%s msg=\"%s\" time=\"%s\"\n",
		 names[level], quoted, when);
	return write_all(fd, line, strlen(line)) == 0;
}

void log_reason(enum log_level level, enum reason reason, const char *fmt, ...)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	int saved = errno;
	char raw[640], text[1000], about[220], line[1300 + 1];
	va_list ap;

	if (level > threshold)
		return;
	if (is_hook)
		surroundings_take();
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	/* names in it may be any bytes; here, and only here, they are escaped */
	printable(text, sizeof(text), raw, strlen(raw));
	snprintf(about, sizeof(about), "%s%s%s", subject, reason ? " reason=" : "",
		 reason ? reason_name(reason) : "");
	if (*applet)
		snprintf(line, sizeof(line), "ksm-hook[%s]%s: %s", applet, about, text);
	else
		snprintf(line, sizeof(line), "ksm-hook: %s", text);
	/* one write, so that the lines of containers that start together do not mix */
	if (!runtime_log || !to_runtime_log(level, line) || level == LOG_LEVEL_ERROR) {
		size_t len = strlen(line);

		line[len] = '\n';
		if (is_bounded)
			log_output_stderr(line, len + 1);
		else
			(void)write_all(STDERR_FILENO, line, len + 1);
		line[len] = '\0';
	}
	if (is_hook)
		log_output_syslog(LOG_DAEMON | priority[level], line + strlen("ksm-hook"));
	errno = saved;
}
