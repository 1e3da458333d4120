/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, bounded reading, numbers, and text made harmless; and the log line. */
#include "base/util.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/log.h"
#include "check.h"

static void errors(void)
{
	struct error e;
	char big[1000];

	CHECK_INT(err_set(&e, EINVAL, "%s is %d", "x", 7), -EINVAL);
	CHECK_TEXT(e.msg, "x is 7");
	CHECK_INT(err_wrap(&e, -EPERM, "while %s", "testing"), -EPERM);
	CHECK_TEXT(e.msg, "while testing: x is 7");
	CHECK_INT(err_errno(&e, ENOENT, "open %s", "f"), -ENOENT);
	CHECK_TEXT(e.msg, "open f: No such file or directory");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_errno(&e, ENOENT, "%s", big);
	CHECK_INT(strlen(e.msg), sizeof(e.msg) - 1);
	err_set(&e, EINVAL, "inner");
	err_wrap(&e, 0, "%s", big);
	CHECK_INT(strlen(e.msg), sizeof(e.msg) - 1);
}

static void read_caps(void)
{
	char buf[17];
	int p[2];

	for (size_t n = 0; n <= 17; n++) {
		CHECK(pipe2(p, O_CLOEXEC) == 0);
		CHECK_INT(write_all(p[1], "0123456789abcdefg", n), 0);
		close(p[1]);
		memset(buf, 'x', sizeof(buf));
		CHECK_INT(read_all(p[0], buf, 16, 100), n <= 16 ? (int)n : -EFBIG);
		if (n <= 16)
			CHECK_INT(strlen(buf), n);
		close(p[0]);
	}
	CHECK_INT(read_all(-1, buf, 16, 0), -EBADF);
	CHECK(read_all(-1, buf, 16, 50) < 0);
	p[0] = open("/", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read_all(p[0], buf, 16, 50), -EISDIR);
	close(p[0]);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* How long read_all() takes to give up, in ms. */
static int64_t gives_up(int fd, int timeout_ms, ssize_t want)
{
	int64_t start = now_ms();
	char buf[17];

	CHECK_INT(read_all(fd, buf, 16, timeout_ms), want);
	return now_ms() - start;
}

static void read_timeouts(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	int64_t ms;
	int p[2];
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	/* nothing comes, ever */
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	CHECK(ms >= 99 && ms < 1000);
	/* the same on a descriptor that does not block */
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	CHECK(ms >= 99 && ms < 1000);
	fcntl(p[0], F_SETFL, 0);
	/* signals do not lengthen it */
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(ms >= 99 && ms < 1000);
	/* one byte now and then: the time is for all of it */
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 15; i++) {
			(void)write_all(p[1], "x", 1);
			usleep(30000);
		}
		_exit(0);
	}
	ms = gives_up(p[0], 150, -ETIMEDOUT);
	CHECK(ms >= 149 && ms < 1000);
	waitpid(pid, NULL, 0);
	close(p[0]);
	close(p[1]);
}

static void integers(void)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int r;
		int64_t value;
	} cases[] = {
		{ "0", 0, 9, 0, 0 },
		{ "9", 0, 9, 0, 9 },
		{ "10", 0, 9, -ERANGE, 0 },
		{ "-1", 0, 9, -ERANGE, 0 },
		{ "-1", -1, 9, 0, -1 },
		{ "007", 0, 9, 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, -ERANGE, 0 },
		{ "-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, 0, -ERANGE, 0 },
		{ "99999999999999999999999", 0, INT64_MAX, -ERANGE, 0 },
		{ "00000000000000000000000000000001", 0, 9, -ERANGE, 0 },
		{ "", 0, 9, -EINVAL, 0 },
		{ "-", -9, 9, -EINVAL, 0 },
		{ "--1", -9, 9, -EINVAL, 0 },
		{ "1-", -9, 9, -EINVAL, 0 },
		{ "+1", 0, 9, -EINVAL, 0 },
		{ " 1", 0, 9, -EINVAL, 0 },
		{ "1 ", 0, 9, -EINVAL, 0 },
		{ "1.0", 0, 9, -EINVAL, 0 },
		{ "1e0", 0, 9, -EINVAL, 0 },
		{ "0x1", 0, 9, -EINVAL, 0 },
		{ "a", 0, 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* exactly as long as its text, so that a sanitizer sees what is read */
		size_t len = strlen(cases[i].text);
		char *exact = malloc(len ? len : 1);
		int64_t v = 4711;

		memcpy(exact, cases[i].text, len);
		check_case = cases[i].text;
		CHECK_INT(parse_int(exact, len, cases[i].min, cases[i].max, &v), cases[i].r);
		CHECK_INT(v, cases[i].r ? 4711 : cases[i].value);
		free(exact);
	}
	check_case = "";
	{
		int64_t v = 0;

		/* the number ends where len says */
		CHECK_INT(parse_int("123", 2, 0, 99, &v), 0);
		CHECK_INT(v, 12);
		CHECK_INT(parse_int("12x", 2, 0, 99, &v), 0);
		CHECK_INT(parse_int("1\0002", 3, 0, 999, &v), -EINVAL);
	}
}

static void harmless(void)
{
	char out[16], tiny[1], all[4 * 256 + 1], bytes[256];

	printable(out, sizeof(out), "abc", 3);
	CHECK_TEXT(out, "abc");
	printable(out, sizeof(out), "a\n\x1b\\", 4);
	CHECK_TEXT(out, "a\\x0a\\x1b\\x5c");
	printable(out, sizeof(out), "\xc3\xa9\0\x7f", 4);
	CHECK_TEXT(out, "\\xc3\\xa9\\x00"); /* cut at a whole escape */
	printable(out, sizeof(out), "0123456789abcdefgh", 18);
	CHECK_TEXT(out, "0123456789abcde");
	printable(out, sizeof(out), "0123456789abcd\n", 15);
	CHECK_TEXT(out, "0123456789abcd");
	printable(tiny, sizeof(tiny), "abc", 3);
	CHECK_TEXT(tiny, "");
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	printable(all, sizeof(all), bytes, sizeof(bytes));
	for (const char *p = all; *p; p++)
		CHECK(*p >= 0x20 && *p < 0x7f);
}

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

static void descriptors(void)
{
	int fd = dup(STDIN_FILENO), copy;

	{
		__cleanup(close_fd) int owned = fd;

		copy = steal_fd(&owned);
		CHECK_INT(owned, -1);
	}
	CHECK_INT(copy, fd);
	CHECK(fcntl(fd, F_GETFD) >= 0);
	{
		__cleanup(close_fd) int owned = fd;

		errno = EXDEV;
		(void)owned;
	}
	CHECK_INT(errno, EXDEV);
	CHECK(fcntl(fd, F_GETFD) < 0);
}

int main(void)
{
	/* tests/run gives no stdin worth the name */
	errors();
	read_caps();
	read_timeouts();
	integers();
	harmless();
	descriptors();
	log_lines();
	return check_end();
}
