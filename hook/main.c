/* SPDX-License-Identifier: Apache-2.0 */
/* The applets by name. The only exit(). */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/macros.h"

static const struct applet {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments, *what;
} applets[] = {
	{ "createRuntime", applet_create_runtime, "[--config FILE] <STATE",
	  "OCI hook: make the container being created mergeable" },
	{ "prestart", applet_create_runtime, "[--config FILE] <STATE",
	  "the same under the stage's old name" },
	{ "poststart", applet_poststart, "[--config FILE] <STATE",
	  "OCI hook: check that every process is mergeable, repair what is not" },
	{ "poststop", applet_poststop, "[--config FILE] <STATE",
	  "OCI hook: leave nothing behind" },
	{ "lxc", applet_lxc, "[--config FILE] [NAME lxc TYPE]",
	  "LXC hook: make the container being started mergeable" },
	{ "precreate", applet_precreate,
	  "[--config FILE] [--library FILE] [--id ID] <CONFIG >CONFIG",
	  "podman hook: add the preload library to a container's config.json" },
	{ "run", applet_run, "[--required] [--] COMMAND [ARGUMENT...]",
	  "run a command mergeable, with all that it starts" },
	{ "runtime", applet_runtime, "[--config FILE] [--library FILE] RUNTIME-ARGUMENT...",
	  "OCI runtime: set the mark where it is wanted, then become runc or crun" },
	{ "attach", applet_attach,
	  "[--method=auto|prctl|madvise] [--watch[=SECONDS]] [--json] --all | TARGET...",
	  "make running containers or processes mergeable" },
	{ "detach", applet_detach,
	  "[--method=auto|prctl|madvise] [--force] [--json] --all | TARGET...",
	  "take that back, if there is memory for the copies" },
	{ "enable", applet_enable, "[--profile=gentle|balanced|fast] [--persist]",
	  "ksmd on, tuned for containers; faster for a while after each start" },
	{ "disable", applet_disable, "[--unmerge [--force]]", "put back what enable found" },
	{ "status", applet_status, "[--json]",
	  "what the kernel can do, what ksmd does, what merging saves" },
	{ "estimate", applet_estimate, "[--json] [TARGET...]",
	  "what merging would save and cost, before opting in" },
	{ "ps", applet_ps, "[--exact] [--sort=KEY] [--watch[=SECONDS]] [--json]",
	  "containers: are they mergeable, what do they save, what do they cost" },
	{ "metrics", applet_metrics, "[--format=prometheus|collectd] [--output=FILE]",
	  "the same and the host's figures for a monitoring system" },
	{ "doctor", applet_doctor, "[--json] [TARGET...]",
	  "why is nothing merging: what is wrong, why it matters, what mends it" },
};

void applet_usage(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		if (strcmp(applets[i].name, name) == 0)
			printf("usage: ksm-hook %s %s\n%s\n", name, applets[i].arguments,
			       applets[i].what);
	}
}

int look_target_options(int argc, char **argv, bool *json)
{
	static const struct option longopts[] = { { "json", no_argument, NULL, 'j' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'j':
			*json = true;
			break;
		case 'h':
			applet_usage(argv[0]);
			return 0;
		default:
			return 2;
		}
	}
	return -1;
}

int look_options(int argc, char **argv, bool *json)
{
	int ret = look_target_options(argc, argv, json);

	if (ret < 0 && optind < argc) {
		fprintf(stderr, "ksm-hook %s: unexpected argument \"%s\"\n", argv[0],
			argv[optind]);
		return 2;
	}
	return ret;
}

static void usage(FILE *f)
{
	fprintf(f, "usage: ksm-hook APPLET [OPTION...] (ksm-hook APPLET --help tells more)\n");
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++)
		fprintf(f, "  %-14s %s\n", applets[i].name, applets[i].what);
}

static int wait_for_end(void)
{
	char none[64];

	while (read(STDIN_FILENO, none, sizeof(none)) > 0)
		;
	return 0;
}

static int dispatch(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], APPLET_WAIT) == 0)
		return wait_for_end();
	if (argc > 0 && runtime_is_name(argv[0]))
		return applet_runtime(argc, argv);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		if (strcmp(applets[i].name, argv[1]) == 0)
			return applets[i].run(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("ksm-hook " VERSION);
		return 0;
	}
	fprintf(stderr, "ksm-hook: no applet \"%s\"; ksm-hook --help lists them\n", argv[1]);
	return 2;
}

int main(int argc, char **argv)
{
	int status = dispatch(argc, argv);

	/* what was written has to arrive: a full disk must not pass for success */
	if (fflush(stdout) != 0 && status == 0) {
		perror("ksm-hook: standard output");
		status = 1;
	}
	exit(status);
}
