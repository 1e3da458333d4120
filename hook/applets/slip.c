/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's call with a slip in how the hook is registered: told, but no container pays for it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "oci/decision.h"

/* Engines write a state, or a config.json, at once; whoever typed this is not kept waiting. */
#define INPUT_TIMEOUT_MS 1000
#define PARSE_TIMEOUT_MS 1000

/*
 * How much of stdin is looked at, without taking it, before a command is run: runtimes write
 * "ociVersion" first. How long is waited for it: runtimes write after they have started the
 * hook, others that leave a pipe open may write nothing at all.
 */
#define PEEK_MAX        4096
#define PEEK_TIMEOUT_MS 300

/* LXC appends NAME SECTION TYPE, or says it in the environment (lxc.container.conf(5)). */
static bool has_lxc_words(int argc, char **argv)
{
	return argc > 3 && strcmp(argv[argc - 2], "lxc") == 0;
}

static bool is_lxc_call(int argc, char **argv)
{
	return getenv("LXC_NAME") && (getenv("LXC_HOOK_TYPE") || getenv("LXC_CONFIG_FILE") ||
				      has_lxc_words(argc, argv));
}

/*
 * A command in the place of "lxc": LXC's words are its arguments. Where they are in the environment
 * only, a script of the administrator's that is the hook may have run the command.
 */
static bool is_lxc_command(int argc, char **argv)
{
	const char *name = getenv("LXC_NAME");

	return name && argc == 5 && has_lxc_words(argc, argv) && strcmp(argv[2], name) == 0;
}

static bool is_yes(const char *value)
{
	return value && (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0);
}

/*
 * The text on stdin, where it may be an engine's; NULL where it is not. What cannot be read may
 * be: then it is empty.
 */
static const char *read_engine_text(size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(STDIN_FILENO, &st) < 0)
		return "";
	if (S_ISCHR(st.st_mode))
		return NULL;
	text = mmap(NULL, JSON_SCAN_MAX + 1, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text == MAP_FAILED)
		return "";
	n = read_all(STDIN_FILENO, text, JSON_SCAN_MAX, INPUT_TIMEOUT_MS);
	/* a pipe that stays open; what came is followed by zeros */
	if (n == -ETIMEDOUT)
		n = (ssize_t)strlen(text);
	if (n < 0)
		return "";
	if (n <= 0 || text[strspn(text, " \t\r\n")] != '{' || !strstr(text, "\"ociVersion\""))
		return NULL;
	*len = (size_t)n;
	return text;
}

static bool is_required(const char *text, size_t len, bool is_state)
{
	const struct decision_request request = {
		.config_path = CONFIG_PATH,
		.text = text,
		.len = len,
		.reader = is_state ? decision_read_state : decision_read_spec,
		.engine = is_state ? ENGINE_UNKNOWN : ENGINE_PODMAN,
		.timeout_ms = PARSE_TIMEOUT_MS
	};
	static struct container_decision c;
	struct error err;
	int r = decision_make(&request, &c, &err);

	return c.decision.required && (r < 0 || c.decision.merge);
}

/* Which word is wrong, as far as that can be told. */
static void say(int argc, char **argv, bool refused)
{
	const char *then = refused ? "the container is refused, as merging is required" :
				     "nothing was done";

	log_init("hook", true);
	if (is_lxc_call(argc, argv) && argc > 1)
		log_error("called by LXC, and \"%s\" is no hook; %s, fix the hook's \"args\": "
			  "the first is \"lxc\"",
			  argv[1], then);
	else if (argc < 2)
		log_error(
			"called by an engine without a stage; %s, fix the hook's \"args\": the "
			"first is \"ksm-hook\", the second the stage, such as "
			"\"createRuntime\"",
			then);
	else if (argc > 2 && options_is_help(argv[2]))
		log_error("called by an engine with \"%s\"; %s, fix the hook's \"args\"",
			  argv[2], then);
	else
		log_error("called by an engine, and \"%s\" is no stage; %s, fix the hook's "
			  "\"args\": the second is the stage, such as \"createRuntime\"",
			  argv[1], then);
}

/* A copy of what is in the pipe now, by tee(2), which leaves it there. */
static ssize_t peek_pipe(char *buf, size_t size, int timeout_ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n = -1;
	int copy[2];

	if (poll(&in, 1, timeout_ms) <= 0 || pipe2(copy, O_CLOEXEC) < 0)
		return -1;
	n = tee(STDIN_FILENO, copy[1], size, SPLICE_F_NONBLOCK);
	if (n > 0)
		n = read(copy[0], buf, size);
	close(copy[0]);
	close(copy[1]);
	return n;
}

/* Nobody waits for it who looks at a terminal. */
static ssize_t peek_stdin(char *buf, size_t size)
{
	bool shown = isatty(STDOUT_FILENO) || isatty(STDERR_FILENO);
	struct stat st;

	if (fstat(STDIN_FILENO, &st) < 0)
		return -1;
	if (S_ISFIFO(st.st_mode))
		return peek_pipe(buf, size, shown ? 0 : PEEK_TIMEOUT_MS);
	if (S_ISREG(st.st_mode))
		return pread(STDIN_FILENO, buf, size, lseek(STDIN_FILENO, 0, SEEK_CUR));
	return -1;
}

int applet_slip_of_command(int argc, char **argv)
{
	char text[PEEK_MAX + 1];
	ssize_t n;

	if (argc > 1 && strcmp(argv[1], "lxc") == 0) {
		if (is_lxc_call(argc, argv))
			return -1;
	} else if (is_lxc_command(argc, argv)) {
		return applet_slip(argc, argv);
	}
	/* the command that it runs reads it */
	if (argc > 2 && strcmp(argv[1], "run") == 0 && !options_is_help(argv[2]))
		return -1;
	n = peek_stdin(text, PEEK_MAX);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* what `runc state` and `runc list` print has more keys, and scripts read that */
	if (text[strspn(text, " \t\r\n")] != '{' || !strstr(text, "\"ociVersion\"") ||
	    (strstr(text, "\"rootfs\"") && strstr(text, "\"created\"")))
		return -1;
	return applet_slip(argc, argv);
}

int applet_slip(int argc, char **argv)
{
	bool is_state, refused;
	size_t len = 0;
	const char *text;

	if (is_lxc_call(argc, argv)) {
		refused = is_yes(getenv("KSM_MERGE")) && is_yes(getenv("KSM_REQUIRED"));
		say(argc, argv, refused);
		return refused;
	}
	text = read_engine_text(&len);
	if (!text)
		return -1;
	surroundings_take();
	/* a state names its bundle, a bundle's config.json has a process */
	is_state = len == 0 || (strstr(text, "\"bundle\"") && !strstr(text, "\"process\""));
	refused = is_required(text, len, is_state);
	say(argc, argv, refused);
	/* podman's precreate hooks answer with the config.json that they were given */
	if (!refused && !is_state && write_all(STDOUT_FILENO, text, len) < 0)
		return 1;
	return refused;
}
