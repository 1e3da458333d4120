/* SPDX-License-Identifier: Apache-2.0 */
/* The name among conmon's arguments. */
#include "containers/conmon.h"

#include <stdio.h>
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

/* An argument per word; NULL: no name of this one's. */
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
	/* behind its own arguments stand those of what it executes in the end */
	{ "conmon -c 5f3c -n web -c other", "web" },
	{ "conmon -c other -n web -c 5f3c", NULL },
	/* the value of an option is none itself */
	{ "conmon -n -c 5f3c", NULL },
	{ "conmon -c 5f3c -n", NULL },
	{ "conmon -c", NULL },
	{ "conmon", NULL },
	{ "", NULL },
};

/* Whose it is, by what only podman has it execute; a name and a value of others do not say so. */
static void owners(void)
{
	static const struct {
		const char *args;
		size_t len;
		bool podmans;
	} of[] = {
#define ARGS(text, podmans) { text, sizeof(text), podmans }
		ARGS("conmon\0-c\0a\0-n\0web\0--exit-command\0/usr/bin/podman", true),
		ARGS("conmon\0-b\0/b\0-c\0a\0--exit-dir\0/e\0-n\0k8s_a_b_c_d_0", false),
		ARGS("conmon\0-c\0a\0-n\0--exit-command\0-s", false),
#undef ARGS
	};
	struct conmon_args told;

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		memset(&told, 0xff, sizeof(told));
		CHECK(conmon_args_parse(of[i].args, of[i].len, &told));
		CHECK_INT(told.podmans, of[i].podmans);
	}
}

static void check_args(const char *words, size_t cut, const char *want)
{
	size_t len = strlen(words) + 1 - cut;
	char *args = malloc(len ? len : 1); /* exactly as long: reading on would be seen */
	struct conmon_args told;
	bool is_its;

	memcpy(args, words, len);
	for (size_t i = 0; i < len; i++) {
		if (args[i] == ' ')
			args[i] = '\0';
	}
	is_its = conmon_args_parse(args, len, &told) && strcmp(told.id, ID) == 0;
	CHECK_TEXT(is_its ? told.name : "none", want ? want : "none");
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

/* What does not fit is not known: a part of it would be another's. */
static void long_texts(void)
{
	static const struct {
		size_t id, name;
		bool fits;
	} of[] = { { 127, 511, true },
		   { 128, 511, false },
		   { 127, 512, false },
		   { 0, 1, false },
		   { 1, 0, false } };
	char args[1024];

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct conmon_args told;
		int len = snprintf(args, sizeof(args), "-c%c%0*d", 0, (int)of[i].id, 0);

		len = of[i].id ? len + 1 : 4;
		args[len - 1] = '\0';
		memcpy(args + len, "-n", 3);
		len += 3;
		memset(args + len, 'n', of[i].name);
		len += (int)of[i].name;
		args[len++] = '\0';
		CHECK_INT(conmon_args_parse(args, (size_t)len, &told), of[i].fits);
		CHECK(!of[i].fits ||
		      (strlen(told.id) == of[i].id && strlen(told.name) == of[i].name));
	}
}

/* The nearest process outside has to be conmon, and to be told of this container. */
static void monitors(void)
{
	static const struct {
		const char *command, *id, *name;
	} of[] = {
		{ "conmon", "5f3c", "web" },
		{ "conmon", "5f3", NULL },
		{ "conmon2", "5f3c", NULL },
	};
	char *args[] = { "conmon", "-c", "5f3c", "-n", "web", NULL };
	char *one[] = { "conmon", "-c", "5f3c", "-n", "w", NULL };
	static char path[4000];
	char *deep[] = { "conmon", "-c", "5f3c", "-r", path,   "-b",
			 path,     "-p", path,   "-n", "deep", NULL };
	char *empty[] = { "conmon", "-c", "5f3c", "-n", "", NULL };
	struct container_name ours;
	struct conmon_args told;
	struct contained c;

	/* of what is in no container nothing is known, nor of one that is nobody's */
	CHECK(!conmon_of(1, ID, &told));
	CHECK(!conmon_of(0x7fffff00, ID, &told));
	if (geteuid() != 0 || container_of(getpid(), &ours))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = of[i].command;
		if (contained_start(&c, of[i].command, args)) {
			CHECK_INT(conmon_of(c.pid, of[i].id, &told), of[i].name != NULL);
			CHECK(!of[i].name || strcmp(told.name, of[i].name) == 0);
		}
		contained_end(&c);
	}
	if (contained_start(&c, "conmon", one))
		CHECK(conmon_of(c.pid, ID, &told) && strcmp(told.name, "w") == 0);
	contained_end(&c);
	/* podman has paths before the name */
	memset(path, 'p', sizeof(path) - 1);
	if (contained_start(&c, "conmon", deep))
		CHECK(conmon_of(c.pid, ID, &told) && strcmp(told.name, "deep") == 0);
	contained_end(&c);
	/* another user's may say what it likes */
	setenv(CONTAINED_USER, "65534", 1);
	if (contained_start(&c, "conmon", args))
		CHECK(!conmon_of(c.pid, ID, &told));
	contained_end(&c);
	unsetenv(CONTAINED_USER);
	if (contained_start(&c, "conmon", empty))
		CHECK(!conmon_of(c.pid, ID, &told));
	contained_end(&c);
}

/* What a hook so far below it is told: "ID NAME", or nothing. */
static int tell_caller(const char *command, int below)
{
	struct conmon_args call;
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
	RUN(owners);
	RUN(callers);
	RUN(monitors);
	RUN(command_lines);
	RUN(cut_off);
	RUN(long_texts);
	return check_end();
}
