/* SPDX-License-Identifier: Apache-2.0 */
/* The process of the node's agent that makes the pages: metrics in a child, probes at once. */
#include "applets/nri_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "applets/metrics_print.h"
#include "applets/nri_ksmd.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "kernel/watched.h"
#include "nri/nri_page.h"
#include "stats/collect.h"

/*
 * Whoever asks for metrics gives up after 10 s (Prometheus' scrape_timeout). A tenant who makes reading
 * his processes slow is not to hide the machine's figures, which are then given alone.
 */
#define METRICS_MAX_MS 7000
#define HOST_MAX_MS    2000

#define PAGES_FD 3

/* The metrics that a child writes. */
struct scrape {
	pid_t child; /* 0: nobody asked */
	bool host;   /* the machine's figures alone */
	int fd;
	int64_t until_ms;
	char *text;
	size_t len, room;
};

static void answer_page(enum nri_page page, unsigned status, const char *text, size_t len)
{
	struct nri_page_header h = { page, status, (uint32_t)len };

	if (write_all(PAGES_FD, &h, sizeof(h)) < 0 || write_all(PAGES_FD, text, len) < 0)
		_exit(0);
}

static void answer_line(enum nri_page page, const char *wrong)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "%s\n", wrong ? wrong : "ok");

	answer_page(page, wrong ? 503 : 200, line, (size_t)n);
}

/* NULL, or what is missing. */
static const char *not_ready(const struct nri_state *state)
{
	if (!state->registered)
		return "not registered with the container runtime";
	return nri_ksmd_wrong();
}

static void agent_metrics(FILE *f, const struct nri_state *state, bool complete)
{
	fprintf(f,
		"# HELP ksm_hook_nri_registered 1: the container runtime has taken the agent "
		"on.\n"
		"# TYPE ksm_hook_nri_registered gauge\n"
		"ksm_hook_nri_registered %d\n"
		"# HELP ksm_hook_nri_scrape_complete 0: looking at all processes took too "
		"long, "
		"and there are no figures of containers.\n"
		"# TYPE ksm_hook_nri_scrape_complete gauge\n"
		"ksm_hook_nri_scrape_complete %d\n"
		"# HELP ksm_hook_nri_starts_total Containers that asked, by what came of it.\n"
		"# TYPE ksm_hook_nri_starts_total counter\n"
		"ksm_hook_nri_starts_total{result=\"mergeable\"} %llu\n"
		"ksm_hook_nri_starts_total{result=\"failed\"} %llu\n"
		"ksm_hook_nri_starts_total{result=\"observed\"} %llu\n",
		state->registered, complete,
		(unsigned long long)state->count[NRI_COUNT_MERGEABLE],
		(unsigned long long)state->count[NRI_COUNT_FAILED],
		(unsigned long long)state->count[NRI_COUNT_OBSERVED]);
}

static _Noreturn void write_all_metrics(int fd, const struct nri_pages *pages, bool host)
{
	struct error err = { "" };
	FILE *f = fdopen(fd, "w");
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!f)
		_exit(1);
	agent_metrics(f, pages->state, !host);
	r = host ? metrics_print_host(f, pages->config, &err) :
		   metrics_print(f, pages->group, pages->config, true, pages->samples, &err);
	if (r < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "metrics: %s", err.msg);
		_exit(1);
	}
	_exit(fclose(f) == 0 ? 0 : 1);
}

static void begin_scrape(struct scrape *s, const struct nri_pages *pages, bool host)
{
	int fds[2];

	if (s->child)
		return;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return answer_line(NRI_PAGE_METRICS, strerror(errno));
	s->child = fork();
	if (s->child == 0)
		write_all_metrics(fds[1], pages, host);
	close(fds[1]);
	if (s->child < 0) {
		close(fds[0]);
		s->child = 0;
		return answer_line(NRI_PAGE_METRICS, strerror(errno));
	}
	s->host = host;
	s->fd = fds[0];
	s->until_ms = now_ms() + (host ? HOST_MAX_MS : METRICS_MAX_MS);
}

static void end_scrape(struct scrape *s, const struct nri_pages *pages, bool whole)
{
	bool host = s->host;
	int status = 1;

	close(s->fd);
	if (!whole)
		kill(s->child, SIGKILL);
	(void)child_wait(s->child, &status);
	whole = whole && status == 0 && s->len > 0;
	if (whole)
		answer_page(NRI_PAGE_METRICS, 200, s->text, s->len);
	free(s->text);
	*s = (struct scrape){ 0 };
	if (whole)
		return;
	if (host)
		answer_line(NRI_PAGE_METRICS, "the figures could not be had");
	else
		begin_scrape(s, pages, true);
}

static void read_scrape(struct scrape *s, const struct nri_pages *pages)
{
	ssize_t n;

	if (s->len == s->room) {
		size_t room = s->room ? 2 * s->room : 64u << 10;
		char *more = room <= NRI_PAGE_MAX ? realloc(s->text, room) : NULL;

		if (!more)
			return end_scrape(s, pages, false);
		s->text = more;
		s->room = room;
	}
	n = read(s->fd, s->text + s->len, s->room - s->len);
	if (n > 0)
		s->len += (size_t)n;
	else if (n == 0 || errno != EINTR)
		end_scrape(s, pages, n == 0);
}

/* A byte for each page, as the one who asks is ours. */
static void take_requests(struct scrape *s, const struct nri_pages *pages)
{
	unsigned char asked[NRI_PAGES];
	ssize_t n = read(PAGES_FD, asked, sizeof(asked));

	if (n == 0 || (n < 0 && errno != EINTR))
		_exit(0);
	for (ssize_t i = 0; i < n; i++) {
		switch (asked[i]) {
		case NRI_PAGE_METRICS:
			begin_scrape(s, pages, false);
			break;
		case NRI_PAGE_HEALTH:
			answer_line(NRI_PAGE_HEALTH, nri_state_is_healthy(pages->state) ?
							     NULL :
							     "busy with one request for long");
			break;
		case NRI_PAGE_READY:
			answer_line(NRI_PAGE_READY, not_ready(pages->state));
			break;
		default:
			/* has been taken over, or is not ours */
			_exit(1);
		}
	}
}

/* The runtime's connection, above all, ends when the agent closes it. */
static bool keep_only(int fd)
{
	if (fd != PAGES_FD && dup2(fd, PAGES_FD) < 0)
		return false;
	return syscall(SYS_close_range, PAGES_FD + 1, UINT_MAX, 0) == 0 || errno == ENOSYS;
}

_Noreturn void nri_pages_serve(int fd, const struct nri_pages *pages)
{
	struct scrape s = { 0 };
	struct error err;

	if (!keep_only(fd) || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    snapshot_prepare(PRIVILEGES_COUNTERS, &err) < 0) {
		log_error("metrics and probes: what makes them could not be confined");
		_exit(1);
	}
	watched_remember();
	for (;;) {
		struct pollfd p[] = { { .fd = PAGES_FD, .events = POLLIN },
				      { .fd = s.child ? s.fd : -1, .events = POLLIN } };
		int64_t left = s.until_ms - now_ms();

		if (poll(p, 2, !s.child ? -1 : left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			_exit(1);
		if (p[1].revents)
			read_scrape(&s, pages);
		else if (s.child && now_ms() >= s.until_ms)
			end_scrape(&s, pages, false);
		if (p[0].revents)
			take_requests(&s, pages);
	}
}
