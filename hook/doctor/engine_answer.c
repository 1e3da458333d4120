/* SPDX-License-Identifier: Apache-2.0 */
/* What engines' own programs say of their configuration, as it is in effect. */
#include "doctor/engine_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/far_files.h"
#include "base/io.h"
#include "base/macros.h"
#include "doctor/host_files.h"
#include "doctor/trusted_program.h"
#include "kernel/privileges.h"
#include "oci/runtime_path.h"

/* What it may write to its standard error, which is a file in memory. */
#define WORDS_MAX 65536

#define ARGS_MAX 5

static const struct engine_asked {
	const char *argv[ARGS_MAX], *command;
	/* of containerd's main.go, and dockerd's loadDaemonCliConfig(), in front of what is wrong */
	const char *refuses;
	bool quiet; /* its status is the answer */
} questions[ENGINE_QUESTIONS] = {
	[ASK_CONTAINERD] = { { "containerd", "config", "dump" },
			     "containerd config dump",
			     "containerd: ",
			     false },
	[ASK_CRIO] = { { "crio", "config" }, "crio config", "", false },
	[ASK_DOCKERD] = { { "dockerd", "--validate", "--config-file" },
			  "dockerd --validate",
			  "unable to configure the Docker daemon",
			  true },
};

const char *engine_question_command(enum engine_question question)
{
	return questions[question].command;
}

bool engine_refuses_config(enum engine_question question, const char *words)
{
	const char *own = questions[question].refuses;

	/* of urfave/cli, for a command that this release lacks; of Go, for EACCES and EPERM */
	return strncmp(words, own, strlen(own)) == 0 && !strstr(words, "No help topic for") &&
	       /* it is where no service would look for it, or an option's */
	       !strstr(words, "userland-proxy-path is not set") &&
	       !strstr(words, "permission denied") && !strstr(words, "operation not permitted");
}

bool engine_lacks_command(const char *words)
{
	/* of cli.StatusError, the second line behind "unknown flag: --validate" */
	return strncmp(words, "See 'dockerd --help'", 20) == 0;
}

bool engine_trouble(const struct engine_answer *a, enum engine_question question,
		    char text[ENGINE_TROUBLE_MAX])
{
	static const char *const says[] = {
		[ANSWER_NOT_ASKED] = NULL,
		[ANSWER_UNTRUSTED] = "is not run as root: ",
		[ANSWER_LATE] = "does not come to an end",
		[ANSWER_UNUSABLE] = "gives no answer: ",
		[ANSWER_REFUSED] = "fails, run without capabilities: ",
		[ANSWER_GIVEN] = NULL,
	};

	if (!says[a->state])
		return false;
	snprintf(text, ENGINE_TROUBLE_MAX, "%s %s%s", engine_question_command(question),
		 says[a->state], a->words);
	return true;
}

/* Of a child that is not to become the program: by a signal, as the program ends by a status. */
static _Noreturn void end_unexecuted(const char *why)
{
	dprintf(STDERR_FILENO, "%s\n", why);
	(void)raise(SIGKILL);
	_exit(127);
}

/*
 * A script's interpreter opens the script by its descriptor, which therefore stays open: as this one.
 */
#define PROGRAM_FD 3

/* What was opened is executed, not what has its name by now. */
static _Noreturn void become_program(int program, const char *const argv[], int out, int words)
{
	/* dockerd looks for docker-proxy in it, and takes no file without */
	static char *const environment[] = { "PATH=" RUNTIME_PATH, NULL };
	const struct rlimit files = { WORDS_MAX, WORDS_MAX }, core = { 0, 0 };
	int null = open("/dev/null", O_RDONLY);
	struct error err;

	if (null < 0 || dup2(words, 2) < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(program, PROGRAM_FD) < 0 || fcntl(PROGRAM_FD, F_SETFD, 0) < 0 ||
	    chdir("/") < 0 || setrlimit(RLIMIT_FSIZE, &files) < 0 ||
	    setrlimit(RLIMIT_CORE, &core) < 0) {
		err_errno(&err, errno, "its surroundings");
		end_unexecuted(err.msg);
	}
	if (privileges_reduce(PRIVILEGES_NONE, &err) < 0)
		end_unexecuted(err.msg);
	/* with all that it starts, and with us */
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)syscall(SYS_close_range, PROGRAM_FD + 1, ~0U, 0);
	(void)syscall(SYS_execveat, PROGRAM_FD, "", argv, environment, AT_EMPTY_PATH);
	err_errno(&err, errno, "execveat");
	end_unexecuted(err.msg);
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

/* What became of it: n is what was read of its answer, or -errno; status is of wait(2). */
static enum engine_answer_state state_of(struct engine_answer *a, ssize_t n, int status,
					 int words, bool quiet)
{
	if (n == -ETIMEDOUT)
		return ANSWER_LATE;
	if (n < 0) {
		snprintf(a->words, sizeof(a->words), "its answer: %s", strerror((int)-n));
		return ANSWER_UNUSABLE;
	}
	take_words(a, words);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return ANSWER_REFUSED;
	if (WIFEXITED(status) && quiet)
		return ANSWER_GIVEN;
	if (WIFEXITED(status) && n > 0 && !memchr(a->text, '\0', (size_t)n))
		return ANSWER_GIVEN;
	if (!a->words[0])
		snprintf(a->words, sizeof(a->words), "%s",
			 WIFEXITED(status) ? "it says nothing, or no text" :
					     strsignal(WTERMSIG(status)));
	return ANSWER_UNUSABLE;
}

static void take_answer(struct engine_answer *a, pid_t pid, int out, int words, bool quiet)
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
	a->state = state_of(a, n, status, words, quiet);
	if (a->state == ANSWER_GIVEN)
		return;
	free(a->text);
	a->text = NULL;
}

static void ask_engine(struct engine_answer *a, int program, const char *const argv[],
		       bool quiet)
{
	__cleanup(close_fd) int words = memfd_create("words", MFD_CLOEXEC);
	int fds[2];
	pid_t pid;

	a->state = ANSWER_UNUSABLE;
	if (words < 0 || pipe2(fds, O_CLOEXEC) < 0) {
		snprintf(a->words, sizeof(a->words), "%s", strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0)
		become_program(program, argv, fds[1], words);
	if (pid < 0)
		snprintf(a->words, sizeof(a->words), "fork: %s", strerror(errno));
	close(fds[1]);
	if (pid > 0)
		take_answer(a, pid, fds[0], words, quiet);
	close(fds[0]);
}

static void get_answer(struct engine_answer *a, const char *path, const char *const argv[],
		       bool quiet)
{
	struct error err;
	int program = trusted_program_open(path, &err);

	if (program < 0) {
		a->state = ANSWER_UNTRUSTED;
		snprintf(a->words, sizeof(a->words), "%s", err.msg);
		return;
	}
	ask_engine(a, program, argv, quiet);
	close(program);
}

void engine_answers_get(struct engine_answer answer[ENGINE_QUESTIONS], const char *daemon_json)
{
	char path[PATH_MAX];

	for (size_t i = 0; geteuid() == 0 && i < ENGINE_QUESTIONS; i++) {
		const char *argv[ARGS_MAX];

		memcpy(argv, questions[i].argv, sizeof(argv));
		if (i == ASK_DOCKERD)
			argv[ARGS_MAX - 2] = daemon_json;
		if (i == ASK_DOCKERD && far_access(daemon_json, F_OK) < 0)
			continue;
		if (program_path(argv[0], path, sizeof(path)) == path)
			get_answer(&answer[i], path, argv, questions[i].quiet);
	}
}

void engine_answers_free(struct engine_answer answer[ENGINE_QUESTIONS])
{
	for (size_t i = 0; i < ENGINE_QUESTIONS; i++)
		free(answer[i].text);
}
