/* SPDX-License-Identifier: Apache-2.0 */
/* The table of containers again and again, on a terminal as top shows processes. */
#include "stats/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/ksm.h"
#include "stats/collect.h"
#include "stats/table.h"

/* console_codes(4), and xterm's alternate screen, which leaves what was there */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME  "\033[H"
#define CLEAR "\033[K" /* to the end of the line */
#define REST  "\033[J" /* to the end of the screen */

static volatile sig_atomic_t ended, resized;
static struct termios before;

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else
		ended = 1;
}

static void terminal_off(void)
{
	(void)write_all(STDOUT_FILENO, LEAVE, strlen(LEAVE));
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void terminal_on(void)
{
	struct termios t = before;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	/* stopping would leave a terminal behind that nobody can use */
	t.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
	(void)write_all(STDOUT_FILENO, ENTER, strlen(ENTER));
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &sa, NULL);
}

/*
 * As poll(2), but a signal that came since the flags were looked at last ends it at once too. They are blocked for
 * the look only: one must be able to end the writing of a table that nobody reads.
 */
static int wait_for_input(struct pollfd *p, nfds_t n, int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t look, others;
	int r = 0;

	sigemptyset(&look);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&look, caught[i]);
	sigprocmask(SIG_BLOCK, &look, &others);
	if (!ended && !resized)
		r = ppoll(p, n, &t, &others);
	sigprocmask(SIG_SETMASK, &others, NULL);
	return r;
}

/* The heading and the table as text that the caller frees, or NULL with err. */
static char *render(const struct watch *w, enum snapshot_order order, struct error *err)
{
	char *text = NULL, clock[16], saved[16];
	int64_t run = 0, batch = 0, sleep = 0;
	time_t now = time(NULL);
	size_t len = 0;
	struct snapshot s;
	struct tm tm;
	FILE *f;

	if (snapshot_take(&s, w->exact, err) < 0)
		return NULL;
	w->complete(&s);
	snapshot_sort(&s, order);
	f = open_memstream(&text, &len);
	if (f) {
		strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
		(void)ksm_sysfs("run", &run);
		(void)ksm_sysfs("pages_to_scan", &batch);
		(void)ksm_sysfs("sleep_millisecs", &sleep);
		fprintf(f, "%s  %zu containers save %s", clock, s.n,
			format_bytes(saved, sizeof(saved), s.total.saving.least));
		if (run == 1)
			fprintf(f, ", ksmd: %lld pages every %lld ms\n\n", (long long)batch,
				(long long)sleep);
		else
			fprintf(f, ", ksmd is stopped\n\n");
		table_print(f, &s, true);
		fclose(f);
	} else {
		err_errno(err, errno, "the table");
	}
	snapshot_free(&s);
	return text;
}

/* As much as the window holds, so that nothing wraps or scrolls. */
static void draw(const char *text)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs(HOME, f);
	for (int row = 1; *text && row < size.ws_row; row++) {
		size_t n = strcspn(text, "\n");

		fprintf(f, "%.*s" CLEAR "\n", (int)(n < size.ws_col ? n : size.ws_col), text);
		text += n + (text[n] == '\n');
	}
	fputs(REST, f);
	fclose(f);
	(void)write_all(STDOUT_FILENO, out, len);
	free(out);
}

static void take_key(char key, enum snapshot_order *order, bool *quit)
{
	switch (key) {
	case 'q':
		*quit = true;
		break;
	case 's':
		*order = ORDER_BY_SAVED;
		break;
	case 'a':
		*order = ORDER_BY_ANONYMOUS;
		break;
	case 'c':
		*order = ORDER_BY_COST;
		break;
	case 'n':
		*order = ORDER_BY_NAME;
		break;
	default:
		break;
	}
}

/* Wait for the next round, which a key brings on; a new size only redraws. */
static void wait_for_key(int64_t until, const char *text, enum snapshot_order *order)
{
	while (!ended) {
		struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
		int64_t left = until - now_ms();
		bool quit = false;
		char key;

		if (left <= 0)
			return;
		if (wait_for_input(&p, 1, left) > 0) {
			if (read(STDIN_FILENO, &key, 1) != 1)
				quit = true;
			else
				take_key(key, order, &quit);
			ended = ended || quit;
			return;
		}
		if (resized) {
			resized = 0;
			draw(text);
		}
	}
}

static int watch_terminal(const struct watch *w, struct error *err)
{
	enum snapshot_order order = w->order;
	int ret = 0;

	terminal_on();
	while (!ended) {
		int64_t start = now_ms();
		char *text = render(w, order, err);

		if (!text) {
			ret = -EIO;
			break;
		}
		draw(text);
		wait_for_key(start + (int64_t)w->seconds * 1000, text, &order);
		free(text);
	}
	terminal_off();
	return ret;
}

/* A file or a pipe: one table after the other, until it cannot be written any more, which main says. */
static int watch_stream(const struct watch *w, struct error *err)
{
	while (!ended) {
		char *text = render(w, w->order, err);
		bool written;

		if (!text)
			return -EIO;
		written = printf("%s\n", text) >= 0 && fflush(stdout) == 0;
		free(text);
		if (!written)
			return 0;
		resized = 0; /* which is nothing to a file */
		wait_for_input(NULL, 0, (int64_t)w->seconds * 1000);
	}
	return 0;
}

int watch_snapshots(const struct watch *w, struct error *err)
{
	catch_signals();
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    tcgetattr(STDIN_FILENO, &before) == 0)
		return watch_terminal(w, err);
	return watch_stream(w, err);
}
