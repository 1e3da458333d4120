/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ksm-hook-http: serves /metrics, /healthz and /readyz for `ksm-hook nri`, which starts it with a
 * socket that listens and one to ask for the pages at (hook/nri/nri_page.h). It reads what anybody
 * on the network sends, so it has no right, and can open, make and execute nothing.
 *
 * A program of its own: libmicrohttpd's constructors, or its shared libraries, would be in the
 * start of every hook.
 */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/http_filter.h"
#include "nri/nri_page.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A node's probes and two monitoring systems need three or four. Whoever comes beyond CROWDED has
 * the oldest one closed that has not said yet what it wants, or is slow to take what it got: a
 * probe takes milliseconds. Those that wait for a page, which costs the same for all of them,
 * cannot take all the others' places.
 */
#define CONNECTIONS_MAX 128
#define CROWDED         96
#define WAITING_MAX     64
/* Milliseconds to send a request, from the first byte to the last, and then to take the answer. */
#define REQUEST_MAX_MS 10000
/* A request's line and headers, and ours. */
#define CONNECTION_MEMORY 8192

/* MHD_Result came with libmicrohttpd 0.9.71. */
#if MHD_VERSION < 0x00097002
typedef int mhd_result;
#else
typedef enum MHD_Result mhd_result;
#endif

static const char *const paths[] = {
	[NRI_PAGE_METRICS] = "/metrics",
	[NRI_PAGE_HEALTH] = "/healthz",
	[NRI_PAGE_READY] = "/readyz",
};

/* One page, and who waits for it. */
static struct waited {
	struct MHD_Connection *connection[WAITING_MAX];
	size_t n;
	struct MHD_Response *response; /* the last one, while anybody uses it */
	unsigned status;
	size_t users;
} waited[NRI_PAGES];

static struct connection {
	bool used;
	bool waits; /* for a page, which has a deadline of its own */
	int fd;
	int64_t since_ms; /* it connected, or was given its page */
} connections[CONNECTIONS_MAX];

/* What a request is at; its address is *con_cls. */
static struct request {
	bool used;
	enum nri_page page;
} requests[CONNECTIONS_MAX];

/* What has come of the agent's answer so far. */
static struct {
	struct nri_page_header header;
	size_t got; /* of the header, then of the text */
	char *text;
} answer;

static _Noreturn void say_and_leave(const char *what)
{
	fprintf(stderr, "ksm-hook-http: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The library sees that it has ended, and forgets it. */
static void end_connection(struct connection *c)
{
	(void)shutdown(c->fd, SHUT_RDWR);
}

static void connection_changed(void *cls, struct MHD_Connection *c, void **context,
			       enum MHD_ConnectionNotificationCode how)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *own = NULL, *oldest = NULL;
	size_t n = 0;

	(void)cls;
	if (how == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			((struct connection *)*context)->used = false;
		return;
	}
	for (struct connection *one = connections; one < connections + CONNECTIONS_MAX; one++) {
		n += one->used;
		if (!one->used)
			own = one;
		else if (!one->waits && (!oldest || one->since_ms < oldest->since_ms))
			oldest = one;
	}
	if (!own || !info)
		return;
	*own = (struct connection){ true, false, info->connect_fd, clock_ms() };
	*context = own;
	if (n >= CROWDED && oldest)
		end_connection(oldest);
}

/* Milliseconds until the next one is too slow; -1: there is none. */
static int64_t end_slow_connections(void)
{
	int64_t now = clock_ms(), first = -1;

	for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++) {
		int64_t left = c->since_ms + REQUEST_MAX_MS - now;

		if (!c->used || c->waits)
			continue;
		if (left <= 0)
			end_connection(c);
		else if (first < 0 || left < first)
			first = left;
	}
	return first;
}

static struct connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static mhd_result reply(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text,
								 MHD_RESPMEM_PERSISTENT);
	mhd_result result;

	if (!r)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	/* one request for each connection, so that its time is the request's */
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

/* The connection sleeps until the page is there. All that wait for one get the same. */
static mhd_result wait_for_page(struct MHD_Connection *c, void **state, enum nri_page page)
{
	struct waited *w = &waited[page];
	unsigned char ask = (unsigned char)page;
	struct connection *own = connection_of(c);
	struct request *r = requests;

	while (r < requests + COUNT(requests) && r->used)
		r++;
	if (!own || r == requests + COUNT(requests) || w->n == WAITING_MAX)
		return reply(c, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests\n");
	if (w->n == 0 && write(NRI_HTTP_ASKS, &ask, 1) != 1)
		return MHD_NO;
	*r = (struct request){ .used = true, .page = page };
	w->users++;
	*state = r;
	own->waits = true;
	w->connection[w->n++] = c;
	MHD_suspend_connection(c);
	return MHD_YES;
}

static mhd_result serve_request(void *cls, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *data_size, void **state)
{
	const struct request *r = *state;
	struct waited *w;

	(void)cls;
	(void)version;
	(void)data;
	if (r) {
		/* what comes with a GET is not for us */
		*data_size = 0;
		w = &waited[r->page];
		return w->response ? MHD_queue_response(c, w->status, w->response) : MHD_NO;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (strcmp(url, paths[i]) == 0)
			return wait_for_page(c, state, (enum nri_page)i);
	}
	return reply(c, MHD_HTTP_NOT_FOUND,
		     "/metrics, /healthz and /readyz are what there is\n");
}

static void forget_page(struct waited *w)
{
	if (w->response)
		MHD_destroy_response(w->response);
	w->response = NULL;
}

static void request_ended(void *cls, struct MHD_Connection *c, void **state,
			  enum MHD_RequestTerminationCode how)
{
	struct request *r = *state;

	(void)cls;
	(void)c;
	(void)how;
	if (!r)
		return;
	*state = NULL;
	r->used = false;
	if (--waited[r->page].users == 0)
		forget_page(&waited[r->page]);
}

/* Whole: to all that wait for it, who come for it with the next step. */
static void give_page(void)
{
	struct waited *w = &waited[answer.header.page];

	forget_page(w);
	w->status = answer.header.status;
	w->response = MHD_create_response_from_buffer(answer.header.len, answer.text,
						      MHD_RESPMEM_MUST_FREE);
	if (!w->response)
		say_and_leave("memory for a page");
	MHD_add_response_header(w->response, MHD_HTTP_HEADER_CONNECTION, "close");
	MHD_add_response_header(w->response, MHD_HTTP_HEADER_CONTENT_TYPE,
				answer.header.page == NRI_PAGE_METRICS ?
					"text/plain; version=0.0.4; charset=utf-8" :
					"text/plain; charset=utf-8");
	for (size_t i = 0; i < w->n; i++) {
		struct connection *c = connection_of(w->connection[i]);

		if (c) {
			c->waits = false;
			c->since_ms = clock_ms();
		}
		MHD_resume_connection(w->connection[i]);
	}
	w->n = 0;
	answer.text = NULL;
	answer.got = 0;
}

/* The agent is trusted; one that says nonsense is none. Its end is ours. */
static void take_page(void)
{
	const size_t header = sizeof(answer.header);
	bool in_header = answer.got < header;
	char *to = in_header ? (char *)&answer.header + answer.got :
			       answer.text + (answer.got - header);
	size_t left = in_header ? header - answer.got : header + answer.header.len - answer.got;
	ssize_t n = read(NRI_HTTP_ASKS, to, left);

	if (n <= 0)
		exit(0);
	answer.got += (size_t)n;
	if (answer.got == header) {
		if (answer.header.page >= NRI_PAGES || answer.header.len == 0 ||
		    answer.header.len > NRI_PAGE_MAX || !waited[answer.header.page].n)
			exit(1);
		answer.text = malloc(answer.header.len);
		if (!answer.text)
			say_and_leave("memory for a page");
	}
	if (answer.got >= header && answer.got == header + answer.header.len)
		give_page();
}

static void step(struct MHD_Daemon *d)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	int64_t wait = end_slow_connections();
	int most = NRI_HTTP_ASKS;
	struct timeval t, *timeout = NULL;
	fd_set in, out, other;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	if (MHD_get_fdset(d, &in, &out, &other, &most) != MHD_YES)
		say_and_leave("libmicrohttpd");
	FD_SET(NRI_HTTP_ASKS, &in);
	if (MHD_get_timeout(d, &ms) == MHD_YES && (wait < 0 || ms < (unsigned long long)wait))
		wait = (int64_t)ms;
	if (wait >= 0) {
		t.tv_sec = (time_t)(wait / 1000);
		t.tv_usec = (suseconds_t)(wait % 1000 * 1000);
		timeout = &t;
	}
	if (select(most + 1, &in, &out, &other, timeout) < 0) {
		if (errno != EINTR)
			say_and_leave("select");
		FD_ZERO(&in);
	}
	/* before it, as whom it resumes goes on with this step */
	if (FD_ISSET(NRI_HTTP_ASKS, &in))
		take_page();
	MHD_run(d);
}

static bool give_up_all(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	struct sock_fprog filter = { COUNT(http_filter), (struct sock_filter *)http_filter };

	return syscall(SYS_capset, &header, none) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

int main(void)
{
	struct MHD_Daemon *d;

	if (!is_socket(NRI_HTTP_LISTENS) || !is_socket(NRI_HTTP_ASKS)) {
		fprintf(stderr, "ksm-hook-http: `ksm-hook nri --listen` starts this program\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	/* Linux 5.9; what else whoever started the agent has left open is none of ours */
	syscall(SYS_close_range, NRI_HTTP_ASKS + 2, UINT_MAX, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	d = MHD_start_daemon(MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, serve_request, NULL,
			     MHD_OPTION_LISTEN_SOCKET, NRI_HTTP_LISTENS,
			     MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
			     MHD_OPTION_NOTIFY_CONNECTION, connection_changed, NULL,
			     MHD_OPTION_NOTIFY_COMPLETED, request_ended, NULL, MHD_OPTION_END);
	if (!d)
		say_and_leave("libmicrohttpd");
	if (!give_up_all())
		say_and_leave("giving up privileges");
	for (;;)
		step(d);
}
