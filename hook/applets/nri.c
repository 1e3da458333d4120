/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri: the node's agent, a plugin of containerd or CRI-O. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "base/text.h"
#include "kernel/ksm_probe.h"
#include "nri/nri_existing.h"
#include "nri/nri_plugin.h"
#include "nri/nri_power.h"
#include "nri/nri_presence.h"
#include "oci/decision.h"
#include "oci/decision_settle.h"
#include "policy/stop.h"

/* pkg/api/plugin.go of containerd/nri */
#define DEFAULT_SOCKET "/var/run/nri/nri.sock"
#define ENV_SOCKET     "NRI_PLUGIN_SOCKET"
#define ENV_NAME       "NRI_PLUGIN_NAME"
#define ENV_INDEX      "NRI_PLUGIN_IDX"

/* Between two attempts to reach a runtime that is not there: doubled up to the second one. */
#define RETRY_MS     100
#define RETRY_MAX_MS 5000

struct nri_options {
	const char *socket, *index;
	const char *config_path;
	bool existing;
};

struct agent {
	struct nri_plugin_options plugin;
	const char *socket;
	struct nri_config config;
	struct nri_existing existing;
	bool registered; /* on this connection */
	bool loses;      /* this kernel loses mergeability at exec */
};

static const struct command_syntax nri_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"The agent of a Kubernetes node: a plugin of containerd or CRI-O (NRI) that\n"
		"makes containers mergeable as they start. Nothing of the runtime is configured.\n"
		"\n"
		"A pod opts in with the annotation io.ksm.merge=true, for one of its containers\n"
		"with io.ksm.merge/container.NAME; the rules of config.json are read at every\n"
		"start. When the runtime is restarted, or not there yet, it is tried again until\n"
		"it answers. Needs root's CAP_SYS_PTRACE in the host's pid namespace.\n"
		"\n"
		"A runtime starts it by itself through a link to ksm-hook in /opt/nri/plugins\n"
		"that is called NN-ksm-hook (two digits); --existing is implied then.\n",
	.examples =
		"ksm-hook nri --existing\n"
		"ln -s /usr/sbin/ksm-hook /opt/nri/plugins/10-ksm-hook\n",
	.see_also = "ksm-hook-nri(8), ksm-hook.conf(5), ksm-hook-hooks(8)",
	.option = {
		OPTION_TEXT(struct nri_options, config_path, "config", "FILE",
			    "read this configuration instead of\n" CONFIG_PATH),
		OPTION_TEXT(struct nri_options, socket, "socket", "FILE",
			    "the runtime's socket. Default:\n" DEFAULT_SOCKET),
		OPTION_TEXT(struct nri_options, index, "index", "NN",
			    "two digits: plugins are called in ascending order.\nDefault: 10"),
		OPTION_FLAG(struct nri_options, existing, "existing",
			    "make containers mergeable as well that opted in and run\n"
			    "already when the agent comes, or comes back"),
		{ "" },
	},
};

static int connect_runtime(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, errno, "socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int saved = errno;

		close(fd);
		return err_errno(err, saved, "%s", path);
	}
	return fd;
}

/* In a process of its own: a busy container must not keep the next one from starting. */
static void merge_existing_behind(struct agent *a)
{
	size_t failed;
	struct error err;
	ssize_t n;
	pid_t pid = a->existing.n ? fork() : -1;

	if (pid == 0) {
		n = nri_existing_merge(&a->existing, &failed, &err);
		if (n < 0 || failed)
			log_reason(LOG_LEVEL_WARNING, err.reason,
				   "running containers: not all made mergeable: %s", err.msg);
		if (n >= 0)
			log_info(
				"%zu running containers opted in; %zd processes made mergeable",
				a->existing.n, n);
		_exit(0);
	}
	if (pid < 0 && a->existing.n)
		log_warning("running containers: fork: %s", strerror(errno));
	nri_existing_free(&a->existing);
}

/*
 * On kernels that lose mergeability at exec. The preload library, where that is the method, needs
 * none of it.
 */
static void check_started_behind(const struct container_decision *c)
{
	struct error err;
	ssize_t n;
	pid_t pid = c->decision.method == METHOD_PRELOAD ? -1 : fork();

	if (pid != 0)
		return;
	log_set_subject(c->id, c->pid);
	n = nri_check_started(c, &err);
	if (n < 0)
		log_reason(LOG_LEVEL_WARNING, err.reason, "not made mergeable: %s", err.msg);
	else if (n > 0)
		log_info("%zd processes had lost mergeability and are mergeable again", n);
	_exit(0);
}

/* Whatever its decision is: NRI_CALL_START's answer. */
static void start_decided(struct container_decision *c, struct nri_answer *answer)
{
	struct error err = c->err;
	int r = err.msg[0] ? -EINVAL : 0;

	log_set_subject(c->id, c->pid);
	if (r == 0)
		decision_settle(c, NULL);
	if (r == 0 && c->decision.merge) {
		if (c->decision.group[0])
			log_warning("its layout is not shared: ksm-hook nri does not do that");
		r = nri_merge_start(c, &err);
		if (r == 0)
			log_info("made mergeable");
	}
	answer->refuse = r < 0 && c->decision.required;
	if (answer->refuse)
		answer->err = err;
	if (r < 0)
		log_reason(answer->refuse ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, err.reason,
			   "not made mergeable%s: %s",
			   answer->refuse ?
				   ", and merging is required, so the container is refused" :
				   "",
			   err.msg);
	log_set_subject("", 0);
}

static void perform(struct agent *a, struct nri_call *call, struct nri_answer *answer)
{
	struct container_decision *c = &call->container;
	struct error err;

	switch (call->kind) {
	case NRI_CALL_CONFIG:
		nri_config_answer(&a->config, answer);
		break;
	case NRI_CALL_REGISTERED:
		a->registered = true;
		answer->loses = a->loses;
		nri_presence_set(true);
		log_info("registered with %s as %s-%s", call->text, a->plugin.index,
			 a->plugin.name);
		break;
	case NRI_CALL_START:
		if (c->log_given)
			log_set_level(c->log);
		start_decided(c, answer);
		break;
	case NRI_CALL_STARTED:
		if (c->decision.merge && !c->err.msg[0])
			check_started_behind(c);
		break;
	case NRI_CALL_EXISTING:
		if (c->decision.merge && !stop_is_set() &&
		    nri_existing_add(&a->existing, c, &err) < 0)
			log_warning("%s", err.msg);
		break;
	case NRI_CALL_SYNCHRONIZED:
		merge_existing_behind(a);
		break;
	case NRI_CALL_SAY:
		log_reason(LOG_LEVEL_WARNING, c->err.reason, "%s", c->err.msg);
		break;
	case NRI_CALL_KINDS:
		break;
	}
}

/* Children that have ended: tracers, and what merged running containers. */
static void reap_children(pid_t reader, int *status, bool *gone)
{
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
		if (pid == reader) {
			*gone = true;
			*status = s;
		}
	}
}

/* Do what the reader asks for until it has ended. Returns its status as waitpid(2) has it. */
static int serve_reader(struct agent *a, pid_t reader, int fd)
{
	static struct nri_call call;
	bool gone = false;
	struct error err;
	int status = 0;
	ssize_t n;

	while ((n = read(fd, &call, NRI_CALL_SIZE)) > 0 || (n < 0 && errno == EINTR)) {
		struct nri_answer answer = { 0 };

		if (n < 0)
			continue;
		if (nri_call_check(&call, (size_t)n, &err) < 0) {
			log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
			break;
		}
		perform(a, &call, &answer);
		if (write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer) ||
		    nri_config_send(&a->config, answer.config_files, fd) < 0)
			break;
		reap_children(reader, &status, &gone);
	}
	if (!gone) {
		kill(reader, SIGKILL);
		(void)child_wait(reader, &status);
	}
	return status;
}

/* One connection, from the first frame to its end. 0, or -errno where no process could be made. */
static int serve_connection(struct agent *a, int runtime, struct error *err)
{
	int pair[2], status;
	pid_t pid;

	a->registered = false;
	a->config.sent = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		nri_plugin_serve(runtime, pair[1], &a->plugin);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_errno(err, errno, "fork of the reader");
	}
	close(runtime);
	status = serve_reader(a, pid, pair[0]);
	close(pair[0]);
	nri_existing_free(&a->existing);
	nri_presence_set(false);
	if (WIFSIGNALED(status))
		log_reason(LOG_LEVEL_ERROR, REASON_PARSER_FAILED,
			   "the reader of the runtime's messages died by signal %d",
			   WTERMSIG(status));
	else if (a->registered)
		log_info("the runtime has closed the connection");
	return 0;
}

static void nap(int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* For ever: a runtime that is restarted, or installed later, finds us. */
static _Noreturn void serve_for_ever(struct agent *a)
{
	int wait_ms = RETRY_MS;
	bool told = false;
	struct error err;

	for (;;) {
		int fd = connect_runtime(a->socket, &err);
		int64_t since = now_ms();

		if (fd >= 0 && serve_connection(a, fd, &err) < 0) {
			close(fd);
			log_error("%s", err.msg);
		} else if (fd < 0 && !told) {
			log_reason(LOG_LEVEL_WARNING, REASON_NRI_UNREACHABLE,
				   "%s; is NRI enabled in the runtime? Tried again until it is",
				   err.msg);
		}
		told = fd < 0;
		/* one that drops us at once is not to be kept busy with us */
		if (fd >= 0 && a->registered && now_ms() - since > RETRY_MAX_MS)
			wait_ms = RETRY_MS;
		nap(wait_ms);
		wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
	}
}

static bool is_index(const char *text)
{
	return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) && !text[2];
}

static int parse_nri_options(int *argc, char **argv, struct nri_options *o, struct error *err)
{
	int r = options_parse(&nri_command, argc, argv, o, err);

	if (r != 0)
		return r;
	if (!is_index(o->index))
		return err_set(err, EINVAL, "--index=%s: two digits are expected", o->index);
	if (strlen(o->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return err_set(err, EINVAL, "--socket: a socket's path has at most %zu bytes",
			       sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	return 0;
}

bool nri_is_launched(int argc, char *const *argv)
{
	const char *slash = argc == 1 && argv[0] ? strrchr(argv[0], '/') : NULL;

	return slash && isdigit((unsigned char)slash[1]) && isdigit((unsigned char)slash[2]) &&
	       slash[3] == '-' && getenv(ENV_SOCKET);
}

/* By the runtime, which has connected us, and starts us anew when it comes back. */
static int serve_inherited(struct agent *a)
{
	const char *text = getenv(ENV_SOCKET), *name = getenv(ENV_NAME);
	const char *index = getenv(ENV_INDEX);
	struct error err;
	int64_t fd;

	if (!text || !name || !index ||
	    parse_int(text, strlen(text), STDERR_FILENO + 1, INT_MAX, &fd) < 0) {
		log_error("the environment's " ENV_SOCKET ", " ENV_NAME " and " ENV_INDEX
			  " are not as a runtime sets them");
		return 1;
	}
	a->plugin.name = name;
	a->plugin.index = index;
	a->plugin.existing = true;
	if (serve_connection(a, (int)fd, &err) == 0)
		return 0;
	log_error("%s", err.msg);
	return 1;
}

int applet_nri(int argc, char **argv)
{
	struct nri_options o = { .socket = DEFAULT_SOCKET,
				 .index = "10",
				 .config_path = CONFIG_PATH };
	bool launched = nri_is_launched(argc, argv);
	struct agent *a;
	struct error err;
	int r;

	log_init("nri", launched);
	log_set_level(LOG_LEVEL_INFO);
	r = launched ? 0 : parse_nri_options(&argc, argv, &o, &err);
	if (r != 0)
		return options_exit("nri", r, &err);
	surroundings_take();
	/* no static one: every hook would have to find room for it */
	a = calloc(1, sizeof(*a));
	if (!a) {
		log_error("memory for the agent: %s", strerror(errno));
		return 1;
	}
	a->plugin.name = "ksm-hook";
	a->socket = o.socket;
	a->config.path = a->plugin.config_path = o.config_path;
	a->plugin.index = o.index;
	a->plugin.existing = o.existing;
	a->loses = probe_way() == PROBE_EACH_EXEC;
	if (!launched)
		serve_for_ever(a);
	r = serve_inherited(a);
	free(a);
	return r;
}
