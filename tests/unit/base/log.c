/* SPDX-License-Identifier: Apache-2.0 */
/* The log line: whole, clean, and errno kept. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
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
	/* nor does an id look like a field of the line, or like its end */
	log_set_subject("a reason=merged: b", 0);
	CHECK_TEXT(logged(LOG_LEVEL_ERROR, "x"),
		   "ksm-hook[createRuntime] id=a\\x20reason=merged:\\x20b: x\n");
	/* names in messages are any bytes, and each is escaped once */
	log_set_subject("c1", 0);
	for (unsigned byte = 1; byte < 256; byte++) {
		char text[4] = { 'a', (char)byte, 'b' }, want[64];

		if (byte >= 0x20 && byte < 0x7f && byte != '\\')
			snprintf(want, sizeof(want), "ksm-hook[createRuntime] id=c1: a%cb\n",
				 byte);
		else
			snprintf(want, sizeof(want),
				 "ksm-hook[createRuntime] id=c1: a\\x%02xb\n", byte);
		CHECK_TEXT(logged(LOG_LEVEL_ERROR, text), want);
	}
	CHECK_HAS(logged(LOG_LEVEL_ERROR, "a\\x01b"), ": a\\x5cx01b\n");
	/* too long: cut, but still one whole line */
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_set_subject(big, 2147483647);
	line = logged(LOG_LEVEL_ERROR, big);
	CHECK_HAS(line, "pid=2147483647: yyy");
	CHECK(strlen(line) < 1400 && strchr(line, '\n') == line + strlen(line) - 1);
	/* a stderr that is closed changes nothing */
	saved = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	errno = EXDEV;
	log_at(LOG_LEVEL_ERROR, "x");
	CHECK_INT(errno, EXDEV);
	dup2(saved, STDERR_FILENO);
	close(saved);
	CHECK_INT(log_level_parse("error", 5, &level), 0);
	CHECK_INT(level, LOG_LEVEL_ERROR);
	CHECK_INT(log_level_parse("debug", 5, &level), 0);
	CHECK_INT(level, LOG_LEVEL_DEBUG);
	CHECK_INT(log_level_parse("errors", 6, &level), -EINVAL);
	CHECK_INT(log_level_parse("warning", 7, &level), 0);
	CHECK_INT(log_level_parse("", 0, &level), -EINVAL);
	CHECK_INT(log_level_parse("err", 3, &level), -EINVAL);
	CHECK_INT(level, LOG_LEVEL_WARNING);
}

/* What is in a runtime's log after a line was written there; *also is what stderr got. */
static const char *runtime_logged(bool json, enum log_level level, const char *text,
				  const char **also)
{
	static char got[4000];
	char path[] = "/tmp/unit-log-XXXXXX";
	int fd = mkstemp(path);
	ssize_t n;

	log_set_runtime_log(path, json);
	*also = logged(level, text);
	n = read(fd, got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	close(fd);
	unlink(path);
	return got;
}

/* Printable once, unlike the time; the text up to it. */
static void check_runtime_log(const char *got, const char *want, const char *time_format,
			      size_t rest)
{
	struct tm tm = { 0 };
	const char *end;

	CHECK(strncmp(got, want, strlen(want)) == 0);
	end = strptime(got + strlen(want), time_format, &tm);
	CHECK(end && strlen(end) == rest);
	if (end) {
		CHECK(labs(timegm(&tm) - time(NULL)) < 100);
		CHECK_INT(end[rest - 1], '\n');
	}
}

/* One that is not there yet is made, for its owner to write to and everyone to read. */
static void check_new_log(void)
{
	char path[] = "/tmp/unit-log-XXXXXX";
	mode_t mask = umask(0);
	struct stat st = { 0 };

	close(mkstemp(path));
	unlink(path);
	log_set_runtime_log(path, true);
	CHECK_TEXT(logged(LOG_LEVEL_WARNING, "x"), "");
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
	CHECK(st.st_size > 0);
	unlink(path);
	umask(mask);
}

/* An id has 127 bytes: what does not fit is cut, and not in the middle of an escape. */
static void long_ids(void)
{
	static const struct {
		size_t plain;
		const char *behind;
		size_t id;
	} of[] = {
		{ 300, "", 124 },  { 123, "\n", 127 }, { 122, " x", 126 },
		{ 123, " ", 127 }, { 124, " ", 124 },  { 124, "\n", 124 },
	};

	log_init("x", false);
	log_set_level(LOG_LEVEL_WARNING);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		char id[310], want[64];
		const char *line, *at, *end;

		memset(id, 'y', of[i].plain);
		snprintf(id + of[i].plain, sizeof(id) - of[i].plain, "%s", of[i].behind);
		log_set_subject(id, 7);
		line = logged(LOG_LEVEL_ERROR, "m");
		at = strstr(line, "id=");
		end = at ? strchr(at, ' ') : NULL;
		snprintf(want, sizeof(want), "%zu and \"%s\"", of[i].plain, of[i].behind);
		check_case = want;
		if (CHECK(at && end))
			CHECK_INT(end - at - 3, of[i].id);
		CHECK_HAS(line, " pid=7: m\n");
	}
	check_case = "";
	log_set_subject("c1", 0);
}

static void runtime_logs(void)
{
	const char *got, *also;
	char big[3000];

	log_init("wrapper", false);
	log_set_level(LOG_LEVEL_WARNING);
	log_set_subject("c1", 0);
	got = runtime_logged(true, LOG_LEVEL_ERROR, "a \"b\" \\ \t\x1f ~\x7f\xc3", &also);
	check_runtime_log(got,
			  "{\"level\":\"error\",\"msg\":\"ksm-hook[wrapper] id=c1: "
			  "a \\\"b\\\" \\\\x5c \\\\x09\\\\x1f ~\\\\x7f\\\\xc3\",\"time\":\"",
			  "%Y-%m-%dT%H:%M:%SZ", 3);
	/* an error is for whoever reads stderr as well */
	CHECK_TEXT(also, "ksm-hook[wrapper] id=c1: a \"b\" \\x5c \\x09\\x1f ~\\x7f\\xc3\n");
	got = runtime_logged(false, LOG_LEVEL_WARNING, "x", &also);
	check_runtime_log(got, "level=warning msg=\"ksm-hook[wrapper] id=c1: x\" time=\"",
			  "%Y-%m-%dT%H:%M:%SZ", 2);
	CHECK_TEXT(also, "");
	/* too long, and all of it has to be escaped: cut, but still one whole line */
	memset(big, '"', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	got = runtime_logged(true, LOG_LEVEL_WARNING, big, &also);
	CHECK(strlen(got) > 1200 && strchr(got, '\n') == got + strlen(got) - 1);
	CHECK_HAS(got, "\",\"time\":\"");
	/* the same where an escape does and does not just fit: its id has to be escaped too */
	for (size_t i = 0; i < 8; i++) {
		char id[41];

		memset(id, '\n', 31);
		memset(id + 31, 'x', i);
		id[31 + i] = '\0';
		log_set_subject(id, 0);
		got = runtime_logged(true, LOG_LEVEL_WARNING, big, &also);
		CHECK(strlen(got) > 1400 && got[strlen(got) - 1] == '\n');
		CHECK_HAS(got, "\\\"\",\"time\":\"");
	}
	log_set_subject("c1", 0);
	check_new_log();
	/* a log that cannot be written: stderr after all */
	log_set_runtime_log("/tmp/no-such-directory/log", true);
	CHECK_TEXT(logged(LOG_LEVEL_WARNING, "x"), "ksm-hook[wrapper] id=c1: x\n");
	log_set_runtime_log(NULL, false);
}

int main(void)
{
	RUN(log_lines);
	RUN(long_ids);
	RUN(runtime_logs);
	return check_end();
}
