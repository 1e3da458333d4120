/* SPDX-License-Identifier: Apache-2.0 */
/* The commands by name. The only exit(). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/applets.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "containers/identify.h"
#include "kernel/ksm_probe.h"
#include "kernel/watched.h"

enum command_group { FOR_ENGINES, LOOK, OPT_IN, HOST };

static const struct applet {
	const char *name;
	int (*run)(int argc, char **argv);
	enum command_group group;
	const char *what;
} applets[] = {
	{ "createRuntime", applet_create_runtime, FOR_ENGINES,
	  "OCI hook: make the container that is being created mergeable" },
	{ "prestart", applet_create_runtime, FOR_ENGINES, "the same by the stage's old name" },
	{ "poststart", applet_poststart, FOR_ENGINES,
	  "OCI hook: check that every process is mergeable, and fix it" },
	{ "poststop", applet_poststop, FOR_ENGINES, "OCI hook: remove what was stored" },
	{ "precreate", applet_precreate, FOR_ENGINES,
	  "podman hook: add the preload library to a config.json" },
	{ "lxc", applet_lxc, FOR_ENGINES,
	  "LXC hook: make the container that is being started mergeable" },
	{ "runtime", applet_runtime, FOR_ENGINES,
	  "OCI runtime: become runc or crun, mergeable where requested" },
	{ "nri", applet_nri, FOR_ENGINES,
	  "agent of a Kubernetes node: a plugin of its runtime (NRI)" },
	{ "run", applet_run, OPT_IN, "run a command mergeable, with all that it starts" },
	{ "attach", applet_attach, OPT_IN, "make running containers or processes mergeable" },
	{ "detach", applet_detach, OPT_IN, "disable merging for them again" },
	{ "economize", applet_economize, OPT_IN,
	  "disable merging where it costs more than it saves" },
	{ "enable", applet_enable, HOST, "start ksmd with settings that suit containers" },
	{ "disable", applet_disable, HOST, "set ksmd back to what enable found" },
	{ "stop", applet_stop, HOST,
	  "make nothing mergeable any more, and unmerge everything" },
	{ "docker-register", applet_docker_register, HOST,
	  "add the runtime wrapper to Docker's daemon.json" },
	{ "ps", applet_ps, LOOK,
	  "containers: are they mergeable, what is saved, at what cost" },
	{ "status", applet_status, LOOK,
	  "host: what the kernel can do, what ksmd does, what is saved" },
	{ "estimate", applet_estimate, LOOK,
	  "what merging would save and cost, before opting in" },
	{ "capacity", applet_capacity, LOOK,
	  "what of the saving can be promised, and what more fits" },
	{ "metrics", applet_metrics, LOOK, "figures for Prometheus and collectd" },
	{ "doctor", applet_doctor, LOOK, "why nothing is merging, and how to fix it" },
	{ "policy", applet_policy, LOOK,
	  "is the configuration valid, what does it decide and why" },
};

static void print_group(FILE *f, enum command_group group, const char *title)
{
	fprintf(f, "\n%s:\n", title);
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		if (applets[i].group == group)
			fprintf(f, "  %-16s %s\n", applets[i].name, applets[i].what);
	}
}

static void usage(FILE *f)
{
	fputs("usage: ksm-hook COMMAND [OPTION...] [ARGUMENT...]\n"
	      "       ksm-hook COMMAND --help\n"
	      "       ksm-hook --version\n\n"
	      "Let the kernel merge equal memory of containers (KSM), and see what that "
	      "saves.\n",
	      f);
	print_group(f, LOOK, "Look");
	print_group(f, OPT_IN, "Opt in");
	print_group(f, HOST, "Host");
	print_group(f, FOR_ENGINES, "For engines");
	fputs("\nSee also: ksm-hook(8), ksm-hook.conf(5)\n", f);
}

/* Would an OCI runtime that calls this as its hook have registered it by mistake? */
static bool is_no_stage(const struct applet *a, int argc, char **argv)
{
	return a->group != FOR_ENGINES || a->run == applet_nri || a->run == applet_lxc ||
	       (argc == 2 && a->run == applet_runtime) ||
	       (argc > 2 && options_is_help(argv[2]));
}

static int dispatch(int argc, char **argv)
{
	int status;

	if (argc == 1 && strcmp(argv[0], PROBE_WAIT_NAME) == 0)
		return probe_wait();
	if (argc > 0 && runtime_is_name(argv[0])) {
		status = argc > 1 ? -1 : applet_slip_of_command(argc, argv);
		return status >= 0 ? status : applet_runtime(argc, argv);
	}
	if (nri_is_launched(argc, argv))
		return applet_nri(argc, argv);
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(applets); i++) {
		if (strcmp(applets[i].name, argv[1]) != 0)
			continue;
		if (is_no_stage(&applets[i], argc, argv)) {
			status = applet_slip_of_command(argc, argv);
			if (status >= 0)
				return status;
		}
		/* a hook does so when it has more to do than to answer no */
		if (applets[i].group != FOR_ENGINES) {
			watched_group_by(container_key);
			surroundings_take_children();
		}
		return applets[i].run(argc - 1, argv + 1);
	}
	if (argc > 1 && (options_is_help(argv[1]) || strcmp(argv[1], "--version") == 0)) {
		status = applet_slip_of_command(argc, argv);
		if (status < 0) {
			status = 0;
			if (options_is_help(argv[1]))
				usage(stdout);
			else
				puts("ksm-hook " VERSION);
		}
		return status;
	}
	status = applet_slip(argc, argv);
	if (status >= 0)
		return status;
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	log_error("unknown command \"%s\"; see ksm-hook --help", argv[1]);
	return 2;
}

int main(int argc, char **argv)
{
	int status = dispatch(argc, argv);
	int error = fflush(stdout) != 0 ? errno : 0;

	/* what was written has to arrive, earlier too: a full disk must not pass for success */
	if (error || ferror(stdout)) {
		log_error("standard output: %s",
			  error ? strerror(error) : "not all of it could be written");
		status = status ? status : 1;
	}
	exit(status);
}
