/* SPDX-License-Identifier: Apache-2.0 */
/* What engines' own programs say of their configuration, as it is in effect. */
#include "doctor/engine_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "doctor/host_files.h"
#include "kernel/privileges.h"

/* What it may write to its standard error, which is a file in memory. */
#define WORDS_MAX 65536

static const struct {
	const char *argv[4], *command;
} questions[ENGINE_QUESTIONS] = {
	[ASK_CONTAINERD] = { { "containerd", "config", "dump", NULL },
			     "containerd config dump" },
	[ASK_CRIO] = { { "crio", "config", NULL }, "crio config" },
};

const char *engine_question_command(enum engine_question question)
{
	return questions[question].command;
}

/* The program, and each directory down to it, by the name that was found and by what it leads to. */
static bool directories_are_trusted(char *path)
{
	struct stat st;

	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		slash[slash == path] = '\0';
		if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    !file_is_trusted(&st, FILE_TRUSTED))
			return false;
		if (slash == path)
			return true;
	}
	return false;
}

static bool program_is_trusted(const char *path)
{
	char named[PATH_MAX], real[PATH_MAX];
	struct error ignored;

	return snprintf(named, sizeof(named), "%s", path) < (int)sizeof(named) &&
	       realpath(path, real) && program_check(real, &ignored, &ignored) == 0 &&
	       directories_are_trusted(named) && directories_are_trusted(real);
}

static _Noreturn void become_program(const char *path, const char *const argv[], int out,
				     int words)
{
	static char *const environment[] = { NULL };
	const struct rlimit files = { WORDS_MAX, WORDS_MAX }, core = { 0, 0 };
	int null = open("/dev/null", O_RDONLY);
	struct error ignored;

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(words, 2) < 0 ||
	    chdir("/") < 0 || setrlimit(RLIMIT_FSIZE, &files) < 0 ||
	    setrlimit(RLIMIT_CORE, &core) < 0 ||
	    privileges_reduce(PRIVILEGES_NONE, &ignored) < 0)
		_exit(127);
	/* with all that it starts, and with us */
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)syscall(SYS_close_range, 3, ~0U, 0);
	execve(path, (char *const *)argv, environment);
	_exit(127);
}

/* The last line that is not empty. */
static void take_words(struct engine_answer *a, int words)
{
	static char text[WORDS_MAX];
	ssize_t n = pread(words, text, sizeof(text), 0);
	const char *end = text + (n > 0 ? n : 0), *line;

	while (end > text && end[-1] == '\n')
		end--;
	line = end;
	while (line > text && line[-1] != '\n')
		line--;
	snprintf(a->words, sizeof(a->words), "%.*s", (int)(end - line), line);
}

static void take_answer(struct engine_answer *a, pid_t pid, int out, int words)
{
	int status = 0;
	ssize_t n = -ENOMEM;

	a->text = malloc(HOST_FILE_MAX + 1);
	if (a->text)
		n = read_all(out, a->text, HOST_FILE_MAX, ENGINE_ANSWER_MS);
	/* it has had its time, or has ended: then its status is settled */
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, n == -ETIMEDOUT ? WNOHANG : 0) < 0 && errno == EINTR)
		;
	a->state = n == -ETIMEDOUT                                           ? ANSWER_LATE :
		   n <= 0 || status != 0 || memchr(a->text, '\0', (size_t)n) ? ANSWER_REFUSED :
									       ANSWER_GIVEN;
	if (a->state == ANSWER_REFUSED)
		take_words(a, words);
	if (a->state == ANSWER_GIVEN)
		return;
	free(a->text);
	a->text = NULL;
}

static void ask_engine(struct engine_answer *a, const char *path, const char *const argv[])
{
	__cleanup(close_fd) int words = memfd_create("words", MFD_CLOEXEC);
	int fds[2];
	pid_t pid;

	if (words < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		become_program(path, argv, fds[1], words);
	close(fds[1]);
	if (pid > 0)
		take_answer(a, pid, fds[0], words);
	close(fds[0]);
}

void engine_answers_get(struct engine_answer answer[ENGINE_QUESTIONS])
{
	char path[PATH_MAX];

	for (size_t i = 0; geteuid() == 0 && i < ENGINE_QUESTIONS; i++) {
		if (program_path(questions[i].argv[0], path, sizeof(path)) == path &&
		    program_is_trusted(path))
			ask_engine(&answer[i], path, questions[i].argv);
	}
}

void engine_answers_free(struct engine_answer answer[ENGINE_QUESTIONS])
{
	for (size_t i = 0; i < ENGINE_QUESTIONS; i++)
		free(answer[i].text);
}
