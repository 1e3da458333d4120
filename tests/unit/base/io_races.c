/* SPDX-License-Identifier: Apache-2.0 */
/* Files that somebody exchanges while they are opened, read and replaced: 10,000 rounds of each. */
#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

#define ROUNDS 10000
/* On a busy machine two take turns by whole time slices: until each was met, but not for ever. */
#define PATIENCE_MS 60000
#define NOBODY      65534
#define LENGTH      8192

static char at[] = "/dev/shm/ksm-races.XXXXXX";
static char genuine[LENGTH + 1], forged[LENGTH + 1];

static void make_file(const char *name, const char *text, uid_t owner)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write_all(fd, text, strlen(text)) < 0 || fchown(fd, owner, owner) < 0)
		abort();
	close(fd);
}

/* root's file, and what takes its place: nobody's, a link to that, a fifo, a directory */
static void make_names(void)
{
	memset(genuine, 'g', LENGTH);
	memset(forged, 'f', LENGTH);
	if (!mkdtemp(at) || chmod(at, 01777) < 0 || chdir(at) < 0)
		abort();
	make_file("name", genuine, 0);
	make_file("his", forged, NOBODY);
	if (symlink("his", "link") < 0 || mkfifo("fifo", 0666) < 0 || mkdir("dir", 0777) < 0)
		abort();
}

static _Noreturn void exchange_for_ever(void)
{
	static const char *const others[] = { "his", "link", "fifo", "dir" };

	for (size_t i = 0;; i = (i + 1) % 4) {
		for (int k = 0; k < 2; k++)
			(void)syscall(SYS_renameat2, AT_FDCWD, "name", AT_FDCWD, others[i],
				      RENAME_EXCHANGE);
	}
}

static pid_t start(void (*attack)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		attack();
		_exit(1);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* With each kind of trust that any of our readers asks for. */
static void what_is_read(void)
{
	static const struct {
		const char *name;
		enum file_trust trust;
		bool is_believed; /* whoever wrote it */
	} cases[] = {
		{ "trusted", FILE_TRUSTED, false },
		{ "trusted, by a link", FILE_TRUSTED | FILE_SYMLINK, false },
		{ "trusted, near", FILE_TRUSTED | FILE_SYMLINK | FILE_NEAR, false },
		{ "trusted, optional", FILE_TRUSTED | FILE_OPTIONAL, false },
		{ "anybody's", FILE_UNTRUSTED, true },
		{ "anybody's, by a link", FILE_UNTRUSTED | FILE_SYMLINK, true },
	};
	int dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = start(exchange_for_ever);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t deadline = now_ms() + PATIENCE_MS;
		size_t right = 0, his = 0, refused = 0, other = 0;

		check_case = cases[i].name;
		for (size_t n = 0;
		     n < ROUNDS || ((!right || !refused || (cases[i].is_believed && !his)) &&
				    now_ms() < deadline);
		     n++) {
			static char text[LENGTH + 2];
			struct error err;
			ssize_t len = read_regular_file(n % 2 ? dir : AT_FDCWD, "name",
							cases[i].trust, text, LENGTH, &err);

			text[len < 0 ? 0 : len] = '\0';
			if (len < 0)
				refused++;
			else if (strcmp(text, genuine) == 0)
				right++;
			else if (strcmp(text, forged) == 0)
				his++;
			else
				other++;
		}
		CHECK(right > 0 && refused > 0);
		CHECK_INT(other, 0);
		if (!cases[i].is_believed)
			CHECK_INT(his, 0);
		else
			CHECK(his > 0);
	}
	end(pid);
	close(dir);
}

/* What is root's and a link of his to what is root's as well, in turns. */
static _Noreturn void lead_to_the_victim(void)
{
	for (;;) {
		(void)!symlink("victim", "trap");
		(void)rename("trap", "written");
		(void)!link("owned", "trap");
		(void)rename("trap", "written");
	}
}

static size_t entries(void)
{
	size_t n = 0;
	DIR *d = opendir(".");

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Neither what a link leads to nor what somebody has a descriptor of is written to. */
static void what_is_written(void)
{
	int dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[LENGTH + 2];
	size_t before, written = 0;
	struct error err;
	pid_t pid;

	make_file("victim", genuine, 0);
	make_file("owned", forged, NOBODY);
	make_file("written", genuine, 0);
	before = entries();
	pid = start(lead_to_the_victim);
	for (size_t n = 0; n < ROUNDS; n++) {
		int r = n % 2 ? replace_file(dir, "written", "new", 3, 0600, &err) :
				rewrite_file(dir, "written", "new", 3, &err);

		written += r == 0;
	}
	end(pid);
	(void)unlink("trap");
	CHECK(written > ROUNDS / 4);
	CHECK_INT(read_regular_file(dir, "victim", FILE_TRUSTED, text, LENGTH, &err), LENGTH);
	CHECK_TEXT(text, genuine);
	CHECK_INT(read_regular_file(dir, "owned", FILE_UNTRUSTED, text, LENGTH, &err), LENGTH);
	CHECK_TEXT(text, forged);
	CHECK_INT(entries(), before);
	close(dir);
}

static void remove_names(void)
{
	static const char *const names[] = { "name", "his",    "link",  "fifo",   "dir",
					     "trap", "victim", "owned", "written" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)unlink(names[i]);
		(void)rmdir(names[i]);
	}
	(void)!chdir("/");
	CHECK_INT(rmdir(at), 0);
}

int main(void)
{
	make_names();
	RUN(what_is_read);
	RUN(what_is_written);
	remove_names();
	return check_end();
}
