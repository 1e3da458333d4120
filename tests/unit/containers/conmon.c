/* SPDX-License-Identifier: Apache-2.0 */
/* The name among conmon's arguments. */
#include "containers/conmon.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"
#include "containers/identify.h"

#define ID "5f3c"

/* An argument per word; NULL: no name. */
static const struct {
	const char *args, *want;
} cases[] = {
	/* as podman 4.3 and 5.8 start it */
	{ "conmon --api-version 1 -c 5f3c -u 5f3c -r /usr/bin/crun -b /run/b -p /run/p -n web "
	  "--exit-dir /run/exits --full-attach -s -l journald --exit-command /usr/bin/podman "
	  "--exit-command-arg -n --exit-command-arg other",
	  "web" },
	{ "conmon -n web -c 5f3c", "web" },
	{ "conmon -c 5f3c -n web -n other", "web" },
	/* of another container */
	{ "conmon -c 5f3c0 -n web", NULL },
	{ "conmon -u 5f3c -n web", NULL },
	{ "conmon -n web", NULL },
	/* the value of an option is none itself */
	{ "conmon -n -c 5f3c", NULL },
	{ "conmon -c 5f3c -n", NULL },
	{ "conmon -c", NULL },
	{ "conmon", NULL },
	{ "", NULL },
};

static void check_args(const char *words, size_t cut, const char *want)
{
	size_t len = strlen(words) + 1 - cut;
	char *args = malloc(len ? len : 1); /* exactly as long: reading on would be seen */
	const char *name;

	memcpy(args, words, len);
	for (size_t i = 0; i < len; i++) {
		if (args[i] == ' ')
			args[i] = '\0';
	}
	name = conmon_args_name(args, len, ID);
	CHECK_TEXT(name ? name : "none", want ? want : "none");
	free(args);
}

static void command_lines(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].args;
		check_args(cases[i].args, 0, cases[i].want);
	}
}

static void cut_off(void)
{
	/* an argument that was cut off is not taken for a name */
	check_case = "cut off";
	check_args("conmon -c 5f3c -n web", 2, NULL);
	check_args("", 1, NULL);
}

/* The nearest process outside has to be conmon, and to be told of this container. */
static void monitors(void)
{
	static const struct {
		const char *command, *id, *name;
		size_t size;
	} of[] = {
		{ "conmon", "5f3c", "web", 4 }, { "conmon", "5f3c", "web", 8 },
		{ "conmon", "5f3c", NULL, 3 },  { "conmon", "5f3", NULL, 4 },
		{ "conmon2", "5f3c", NULL, 4 },
	};
	char *args[] = { "conmon", "-c", "5f3c", "-n", "web", NULL };
	char *one[] = { "conmon", "-c", "5f3c", "-n", "w", NULL };
	char *empty[] = { "conmon", "-c", "5f3c", "-n", "", NULL };
	struct container_name ours;
	struct contained c;
	char out[8];

	/* of what is in no container nothing is known, nor of one that is nobody's */
	CHECK(!conmon_name(1, ID, out, sizeof(out)));
	CHECK(!conmon_name(0x7fffff00, ID, out, sizeof(out)));
	if (geteuid() != 0 || container_of(getpid(), &ours))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = of[i].command;
		memset(out, 'x', sizeof(out));
		if (contained_start(&c, of[i].command, args)) {
			CHECK_INT(conmon_name(c.pid, of[i].id, out, of[i].size),
				  of[i].name != NULL);
			CHECK(!of[i].name || strcmp(out, of[i].name) == 0);
		}
		contained_end(&c);
	}
	if (contained_start(&c, "conmon", one))
		CHECK(conmon_name(c.pid, ID, out, sizeof(out)) && strcmp(out, "w") == 0);
	contained_end(&c);
	/* another user's may say what it likes */
	setenv(CONTAINED_USER, "65534", 1);
	if (contained_start(&c, "conmon", args))
		CHECK(!conmon_name(c.pid, ID, out, sizeof(out)));
	contained_end(&c);
	unsetenv(CONTAINED_USER);
	if (contained_start(&c, "conmon", empty))
		CHECK(!conmon_name(c.pid, ID, out, sizeof(out)));
	contained_end(&c);
}

/* What a hook so far below it is told: "ID NAME", or nothing. */
static int tell_caller(const char *command, int below)
{
	struct conmon_call call;
	int status = -1;
	pid_t pid;

	prctl(PR_SET_NAME, command);
	pid = fork();
	if (pid == 0 && below > 1)
		_exit(tell_caller("between", below - 1));
	if (pid == 0) {
		if (conmon_calling(&call))
			dprintf(STDOUT_FILENO, "%s %s", call.id, call.name);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

/* The process above a hook has to be conmon, with a container and a name. */
static void callers(void)
{
	static const struct {
		const char *command, *args[5], *told;
		int below;
	} of[] = {
		{ "conmon", { "-c", ID, "-n", "web" }, ID " web" },
		/* the runtime and shells may stand between, and no more than that */
		{ "conmon", { "-c", ID, "-n", "web" }, ID " web", 4 },
		{ "conmon", { "-c", ID, "-n", "web" }, "", 5 },
		{ "conmon", { "-n", "web", "-c", ID }, ID " web" },
		{ "conmon2", { "-c", ID, "-n", "web" }, "" },
		{ "conmon", { "-c", ID }, "" },
		{ "conmon", { "-n", "web" }, "" },
		{ "conmon", { "-c" }, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		char below[] = { (char)('0' + of[i].below), '\0' };
		char *args[9] = { "caller", (char *)of[i].command, below }, said[64];
		int fd[2], status = -1;
		pid_t pid;
		ssize_t n;

		check_case = of[i].told;
		for (size_t k = 0; of[i].args[k]; k++)
			args[k + 3] = (char *)of[i].args[k];
		if (pipe(fd) != 0)
			abort();
		pid = fork();
		if (pid == 0) {
			dup2(fd[1], STDOUT_FILENO);
			execv("/proc/self/exe", args);
			_exit(1);
		}
		close(fd[1]);
		n = read(fd[0], said, sizeof(said) - 1);
		said[n > 0 ? n : 0] = '\0';
		close(fd[0]);
		waitpid(pid, &status, 0);
		CHECK_INT(status, 0);
		CHECK_TEXT(said, of[i].told);
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[0], "caller") == 0)
		return tell_caller(argv[1], atoi(argv[2]));
	contained_main();
	RUN(callers);
	RUN(monitors);
	RUN(command_lines);
	RUN(cut_off);
	return check_end();
}
