/* SPDX-License-Identifier: Apache-2.0 */
/* The log line: whole, clean, and errno kept. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

/* What a call of log_at() writes to stderr. */
static const char *logged(enum log_level level, const char *text)
{
	static char line[2000];
	int p[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	dup2(p[1], STDERR_FILENO);
	errno = EXDEV;
	log_at(level, "%s", text);
	CHECK_INT(errno, EXDEV);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(p[1]);
	n = read(p[0], line, sizeof(line) - 1);
	close(p[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void log_lines(void)
{
	enum log_level level = LOG_LEVEL_INFO;
	char big[3000];
	const char *line;
	int saved;

	CHECK_TEXT(logged(LOG_LEVEL_ERROR, "what: why"), "ksm-hook: what: why\n");
	log_init("createRuntime", false);
	CHECK_TEXT(logged(LOG_LEVEL_WARNING, "what"), "ksm-hook[createRuntime]: what\n");
	CHECK_TEXT(logged(LOG_LEVEL_INFO, "what"), "");
	log_set_level(LOG_LEVEL_INFO);
	log_set_subject("c1", 4711);
	CHECK_TEXT(logged(LOG_LEVEL_INFO, "x"), "ksm-hook[createRuntime] id=c1 pid=4711: x\n");
	CHECK_TEXT(logged(LOG_LEVEL_DEBUG, "x"), "");
	log_set_level(LOG_LEVEL_ERROR);
	CHECK_TEXT(logged(LOG_LEVEL_WARNING, "x"), "");
	log_set_subject("a\nb\033", 1);
	CHECK_TEXT(logged(LOG_LEVEL_ERROR, "x"),
		   "ksm-hook[createRuntime] id=a\\x0ab\\x1b pid=1: x\n");
	/* too long: cut, but still one whole line */
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_set_subject(big, 2147483647);
	line = logged(LOG_LEVEL_ERROR, big);
	CHECK_HAS(line, "pid=2147483647: yyy");
	CHECK(strlen(line) < 1000 && strchr(line, '\n') == line + strlen(line) - 1);
	/* a stderr that is closed changes nothing */
	saved = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	errno = EXDEV;
	log_at(LOG_LEVEL_ERROR, "x");
	CHECK_INT(errno, EXDEV);
	dup2(saved, STDERR_FILENO);
	close(saved);
	CHECK_INT(log_level_parse("debug", 5, &level), 0);
	CHECK_INT(level, LOG_LEVEL_DEBUG);
	CHECK_INT(log_level_parse("errors", 6, &level), -EINVAL);
	CHECK_INT(log_level_parse("warning", 7, &level), 0);
	CHECK_INT(log_level_parse("", 0, &level), -EINVAL);
	CHECK_INT(log_level_parse("err", 3, &level), -EINVAL);
	CHECK_INT(level, LOG_LEVEL_WARNING);
}

int main(void)
{
	log_lines();
	return check_end();
}
