/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a node's runtimes it is that an agent serves. */
#include "nri/nri_place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int runtime_in;

/* by whatever path: /var/run is a link, and a pod has it where it likes */
static void by_socket(void)
{
	char root[] = "/tmp/ksm-unit-XXXXXX", a[NRI_PLACE_MAX], b[NRI_PLACE_MAX];

	CHECK(mkdtemp(root) != NULL);
	CHECK_INT(chdir(root), 0);
	CHECK_INT(mkdir("one", 0700), 0);
	CHECK_INT(mkdir("two", 0700), 0);
	CHECK_INT(symlink("one", "link"), 0);
	nri_place("one/nri.sock", -1, a);
	CHECK(a[0] != '\0');
	nri_place("link/nri.sock", -1, b);
	CHECK_TEXT(b, a);
	nri_place("two/nri.sock", -1, b);
	CHECK(strcmp(a, b) != 0);
	nri_place("one/other.sock", -1, b);
	CHECK(strcmp(a, b) != 0);
	nri_place("none/nri.sock", -1, b);
	CHECK_TEXT(b, "");
	/* in the working directory, and in the root's */
	nri_place("nri.sock", -1, a);
	nri_place("./nri.sock", -1, b);
	CHECK(a[0] != '\0');
	CHECK_TEXT(b, a);
	nri_place("/nri.sock", -1, b);
	CHECK(b[0] != '\0' && strcmp(a, b) != 0);
	CHECK_INT(unlink("link"), 0);
	CHECK_INT(rmdir("one"), 0);
	CHECK_INT(rmdir("two"), 0);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rmdir(root), 0);
}

/* A runtime that was started with this argument, and the socket that connects us. */
static pid_t start_runtime(const char *argument, int *fd)
{
	char shell[] = "sh", c[] = "-c", script[] = "read -r line", word[100];
	char *argv[] = { shell, c, script, word, NULL };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	int listens = socket(AF_UNIX, SOCK_STREAM, 0), executed[2], in[2];
	pid_t pid;

	snprintf(word, sizeof(word), "%s", argument);
	/* the kernel gives it a name */
	CHECK_INT(bind(listens, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	CHECK_INT(getsockname(listens, (struct sockaddr *)&address, &size), 0);
	CHECK_INT(pipe2(executed, O_CLOEXEC), 0);
	CHECK_INT(pipe2(in, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		/* who listens is the peer */
		if (listen(listens, 1) == 0 && dup2(in[0], STDIN_FILENO) == STDIN_FILENO)
			execv("/bin/sh", argv);
		_exit(1);
	}
	close(executed[1]);
	CHECK_INT(read(executed[0], word, 1), 0);
	close(executed[0]);
	close(in[0]);
	runtime_in = in[1];
	*fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT(connect(*fd, (struct sockaddr *)&address, size), 0);
	close(listens);
	return pid;
}

static void place_of_runtime(const char *argument, char out[NRI_PLACE_MAX])
{
	int fd, status = -1;
	pid_t pid = start_runtime(argument, &fd);

	nri_place(NULL, fd, out);
	CHECK(out[0] != '\0');
	close(fd);
	close(runtime_in);
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
}

/* one that has started us is known by its arguments */
static void by_runtime(void)
{
	char a[NRI_PLACE_MAX], b[NRI_PLACE_MAX];

	place_of_runtime("--config=/etc/a", a);
	place_of_runtime("--config=/etc/a", b);
	CHECK_TEXT(b, a);
	place_of_runtime("--config=/etc/b", b);
	CHECK(strcmp(a, b) != 0);
	nri_place(NULL, -1, b);
	CHECK_TEXT(b, "");
}

int main(void)
{
	RUN(by_socket);
	RUN(by_runtime);
	return check_end();
}
