/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri: the node's agent, a plugin of containerd or CRI-O. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/nri_ksmd.h"
#include "applets/nri_serve.h"
#include "base/log.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "base/text.h"
#include "containers/identify.h"
#include "kernel/watched.h"
#include "oci/decision.h"

/* pkg/api/plugin.go of containerd/nri */
#define DEFAULT_SOCKET "/var/run/nri/nri.sock"
#define ENV_SOCKET     "NRI_PLUGIN_SOCKET"
#define ENV_NAME       "NRI_PLUGIN_NAME"
#define ENV_INDEX      "NRI_PLUGIN_IDX"

struct nri_options {
	const char *socket, *index;
	const char *config_path;
	const char *listen, *aggregate, *samples, *profile;
	const char *way, *share;
	const char *features;
	int economize_s;
	bool existing;
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
		"it answers. The way inject needs CAP_SYS_PTRACE in the host's pid namespace.\n"
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
		OPTION_TEXT(struct nri_options, way, "way", "auto|inject|exec",
			    "inject reaches into a container that starts; exec has\n"
			    "one that is created make itself mergeable, which takes\n"
			    "no right. Default: auto, inject where that is possible"),
		OPTION_TEXT(struct nri_options, share, "share", "DIR",
			    "way exec: copy what containers get there, where the\n"
			    "runtime finds it by the same path. By default they get\n"
			    "it from where it is installed"),
		OPTION_TEXT(struct nri_options, profile, "profile", "gentle|balanced|fast",
			    "start ksmd, as ksm-hook enable does, and set it back\n"
			    "when the agent ends. By default it is left alone"),
		OPTION_NUMBER(struct nri_options, economize_s, "economize", "[SECONDS]", 1, 86400,
			      900,
			      "do what ksm-hook economize does, with its pieces, each\n"
			      "900 seconds, or so many: nothing is scanned that does\n"
			      "not pay. Not with the way exec. By default not done"),
		OPTION_TEXT(struct nri_options, listen, "listen", "[ADDRESS]:PORT",
			    "serve /metrics, /healthz and /readyz there by HTTP:\n"
			    "127.0.0.1:9473, [::1]:9473, or :9473 for all\n"
			    "addresses. By default nothing is served"),
		OPTION_TEXT(struct nri_options, aggregate, "aggregate",
			    "namespace|workload|none",
			    "what one series of /metrics is about: a namespace, a\n"
			    "workload, or each container. Default: none"),
		OPTION_TEXT(struct nri_options, features, "features", "DIR",
			    "tell Node Feature Discovery what this node can do, by a\n"
			    "file in its directory of features. By default it is\n"
			    "not told"),
		OPTION_TEXT(struct nri_options, samples, "samples", "FILE",
			    "keep what /metrics has of ksm-hook capacity in FILE as\n"
			    "well. Default: in memory, as long as the agent runs"),
		{ "" },
	},
};

static bool is_index(const char *text)
{
	return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) && !text[2];
}

static int parse_nri_options(int *argc, char **argv, struct nri_options *o, struct error *err)
{
	int r = options_parse(&nri_command, argc, argv, o, err);

	if (r != 0)
		return r;
	if (o->samples && !o->listen)
		return err_set(err, EINVAL, "--samples is for --listen only");
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
	a->socket = NULL;
	if (agent_serve(a, (int)fd, &err) == 0)
		return 0;
	log_error("%s", err.msg);
	return 1;
}

/* What it works with, all but a runtime. 0 or -errno. */
static int prepare_agent(struct agent *a, const struct nri_options *o, struct error *err)
{
	int r = agent_signals(err);

	if (r < 0)
		return r;
	a->signals = r;
	a->plugin.name = "ksm-hook";
	a->socket = o->socket;
	a->config.path = a->plugin.config_path = o->config_path;
	a->plugin.index = o->index;
	a->plugin.existing = o->existing;
	r = nri_way_prepare(&a->way, o->way, o->share, err);
	if (r < 0)
		return r;
	a->plugin.program = a->way.program;
	a->plugin.preload = a->way.preload;
	a->economize.every_s = o->economize_s;
	a->economize.config = o->config_path;
	a->features.dir = o->features;
	a->features.kernel = a->way.kernel;
	a->state = nri_state_make(err);
	if (!a->state)
		return -ENOMEM;
	return o->listen ? nri_http_open(&a->http, o->listen, o->aggregate, o->config_path,
					 o->samples, a->state, err) :
			   0;
}

int applet_nri(int argc, char **argv)
{
	struct nri_options o = { .socket = DEFAULT_SOCKET,
				 .index = "10",
				 .config_path = CONFIG_PATH,
				 .aggregate = "none",
				 .way = "auto" };
	bool launched = nri_is_launched(argc, argv);
	struct agent *a;
	struct error err;
	int r;

	log_init("nri", launched);
	log_init_stays();
	log_set_level(LOG_LEVEL_INFO);
	r = launched ? 0 : parse_nri_options(&argc, argv, &o, &err);
	if (r != 0)
		return options_exit("nri", r, &err);
	surroundings_take();
	watched_group_by(container_key);
	/* no static one: every hook would have to find room for it */
	a = calloc(1, sizeof(*a));
	if (!a) {
		log_error("memory for the agent: %s", strerror(errno));
		return 1;
	}
	r = prepare_agent(a, &o, &err);
	if (r < 0) {
		free(a);
		if (r == -EINVAL)
			return options_exit("nri", r, &err);
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		return 1;
	}
	r = 0;
	nri_economize_begin(&a->economize, strcmp(a->way.asked, "exec") == 0);
	if (o.profile)
		nri_ksmd_take(o.profile);
	if (launched)
		r = serve_inherited(a);
	else
		agent_serve_for_ever(a);
	nri_economize_end(&a->economize);
	nri_features_remove(&a->features);
	if (o.profile)
		nri_ksmd_give_back();
	nri_http_close(&a->http);
	if (a->failed)
		r = 1;
	free(a);
	return r;
}
