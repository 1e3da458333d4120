/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of ksm-hook-http: connections that come in are served, and none goes out. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "kernel/http_filter.h"

static struct sockaddr_in to = { .sin_family = AF_INET };

/* What a process that was taken over may do with a socket that it has. */
static bool fast_open(int fd)
{
	return sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)) >= 0 ||
	       errno != ENOSYS;
}

static bool send_to_an_address(int fd)
{
	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) >= 0 ||
	       errno != ENOSYS;
}

static bool fast_open_by_message(int fd)
{
	struct iovec v = { (char[]){ "x" }, 1 };
	struct msghdr m = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &v, .msg_iovlen = 1
	};

	return sendmsg(fd, &m, MSG_FASTOPEN) >= 0 || errno != ENOSYS;
}

static bool connects(int fd)
{
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) >= 0 || errno != ENOSYS;
}

/* and what it has to: its answers */
static bool answers(int fd)
{
	struct iovec v = { (char[]){ "x" }, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return send(fd, "x", 1, MSG_NOSIGNAL | MSG_MORE) == 1 &&
	       sendmsg(fd, &m, MSG_NOSIGNAL) == 1 && write(fd, "x", 1) == 1;
}

static bool confined(bool (*fn)(int fd), int fd)
{
	struct sock_fprog filter = { sizeof(http_filter) / sizeof(*http_filter),
				     (struct sock_filter *)http_filter };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
			_exit(2);
		/* what _exit(3) does besides under ASan the filter refuses */
		syscall(SYS_exit_group, fn(fd));
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void test_it_connects_to_nobody(void)
{
	static const struct {
		const char *name;
		bool (*fn)(int fd);
	} ways[] = { { "MSG_FASTOPEN", fast_open },
		     { "an address", send_to_an_address },
		     { "MSG_FASTOPEN by sendmsg", fast_open_by_message },
		     { "connect", connects } };
	socklen_t size = sizeof(to);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_INT(bind(server, (struct sockaddr *)&to, size), 0);
	CHECK_INT(listen(server, 8), 0);
	CHECK_INT(getsockname(server, (struct sockaddr *)&to, &size), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		check_case = ways[i].name;
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		CHECK(!confined(ways[i].fn, fd));
		close(fd);
	}
	check_case = "";
	close(server);
}

static void test_it_answers(void)
{
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK(confined(answers, pair[0]));
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	RUN(test_it_connects_to_nobody);
	RUN(test_it_answers);
	return check_end();
}
