/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook policy: is the configuration valid, and why is a container merged or not? */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "applets/applets.h"
#include "applets/policy_explain.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "doctor/policy_report.h"
#include "kernel/privileges.h"
#include "oci/config_load.h"
#include "policy/config_read.h"

struct policy_options {
	struct explain_request explain;
	bool json;
};

static const struct command_syntax policy_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "check [FILE...] | explain [TARGET]",
	.about =
		"check says whether the configuration is valid: each problem in a line of its\n"
		"own, with file, line and column. Without FILE, of what is installed, with all\n"
		"of conf.d; a FILE is checked alone. The exit status is 1 where there is an\n"
		"error, 0 where there are warnings only.\n"
		"\n"
		"explain says what is decided of a container that runs (TARGET, as ksm-hook ps\n"
		"lists it), or of one that would have these annotations and values: each value\n"
		"that rules can ask for and who says so, each rule in order and whether it\n"
		"matches, whether merging is stopped on this host, and the decision with its\n"
		"reason.\n",
	.examples =
		"ksm-hook policy check\n"
		"ksm-hook policy explain web\n"
		"ksm-hook policy explain --engine=containerd --annotation io.ksm.merge=true\n"
		"ksm-hook policy explain --engine=podman --value name=web --value user=1000\n",
	.see_also = "ksm-hook-policy(8), ksm-hook.conf(5), ksm-hook-reasons(7)",
	.option = {
		OPTION_TEXT(struct policy_options, explain.config_path, "config", "FILE",
			    "read this configuration, and conf.d beside it, instead\n"
			    "of " CONFIG_PATH),
		OPTION_LIST(struct policy_options, explain.annotations, "annotation", "KEY=VALUE",
			    "explain: of a container with this annotation; may be\n"
			    "given several times. By default it has none"),
		OPTION_LIST(struct policy_options, explain.values, "value", "KEY=VALUE",
			    "explain: of one of which its engine says this: its\n"
			    "namespace, pod, container, image, name, or its user's\n"
			    "number; may be given several times. By default nothing"),
		OPTION_TEXT(struct policy_options, explain.engine, "engine", "ENGINE",
			    "explain: whose container that would be, containerd\n"
			    "(Kubernetes'), cri-o, docker, podman or lxc.\n"
			    "Default: not known, as of plain runc"),
		OPTION_FLAG(struct policy_options, json, "json", "print JSON"),
		{ "" },
	},
};

static struct config_files files;

/* Problems are printed as they come, or added to the JSON. */
struct check {
	struct json_out *json;
	size_t errors, warnings;
};

static void tell_problem(struct check *c, bool warning, const char *text)
{
	char shown[4 * sizeof(((struct error *)NULL)->msg)];

	*(warning ? &c->warnings : &c->errors) += 1;
	if (c->json) {
		json_out_object(c->json, NULL);
		json_out_string(c->json, "level", warning ? "warning" : "error");
		json_out_string(c->json, "what", text);
		json_out_end_object(c->json);
		return;
	}
	printable(shown, sizeof(shown), text, strlen(text));
	printf("%s: %s\n", warning ? "warning" : "error", shown);
}

static void say_unreadable(void *arg, const struct config_problem *problem)
{
	tell_problem(arg, problem->warning, problem->text);
}

static int check_files(struct check *c, struct error *err)
{
	struct policy_problems found;
	size_t first = 0;

	do {
		int r = report_problems(&files, first, &found, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < found.n; i++)
			tell_problem(c, found.problem[i].warning, found.problem[i].text);
		first += found.n;
	} while (first < found.total);
	return 0;
}

static int check_all(struct check *c, const struct policy_options *o, char *const *names,
		     size_t n, struct error *err)
{
	int r = 0;

	if (n == 0 && config_load(o->explain.config_path, err) == -ETIMEDOUT) {
		tell_problem(c, false, err->msg);
	} else if (n == 0) {
		(void)config_files_read(o->explain.config_path, &files, say_unreadable, c, err);
		r = check_files(c, err);
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (config_files_read_one(names[i], &files, err) < 0)
			tell_problem(c, false, err->msg);
		else
			r = check_files(c, err);
	}
	return r;
}

static int policy_check(const struct policy_options *o, char *const *names, size_t n)
{
	struct check c = { 0 };
	struct error err = { "" };
	int r, status = 0;

	if (o->json) {
		c.json = json_out_new();
		if (!c.json)
			return 1;
		json_out_object(c.json, NULL);
		json_out_array(c.json, "problems");
	}
	r = check_all(&c, o, names, n, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	if (c.json) {
		json_out_end_array(c.json);
		json_out_end_object(c.json);
		status = json_out_finish(c.json);
	} else if (r == 0 && !c.errors && !c.warnings) {
		printf("valid%s\n",
		       n == 0 && files.n == 0 ? ": there is none, so the defaults apply" : "");
	}
	return r < 0 || c.errors ? 1 : status;
}

static int wrong_usage(struct error *err, const char *what)
{
	(void)err_set(err, EINVAL, "%s", what);
	return options_exit("policy", -EINVAL, err);
}

/* Is a container described, rather than named? */
static bool is_described(const struct explain_request *e)
{
	return e->annotations.n || e->values.n;
}

static int policy_explain_command(struct policy_options *o, char *const *words, size_t n)
{
	struct error err;
	int r;

	if (n > 1 || (n == 1) == is_described(&o->explain))
		return wrong_usage(&err, "explain needs a TARGET, or --annotation or --value");
	if (n == 1 && o->explain.engine)
		return wrong_usage(&err, "--engine is for --annotation and --value");
	o->explain.json = o->json;
	r = policy_explain_run(&o->explain, n == 1 ? words[0] : NULL, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}

int applet_policy(int argc, char **argv)
{
	struct policy_options o = { .explain.config_path = CONFIG_PATH };
	struct error err;
	int r;

	log_init("policy", false);
	r = options_parse(&policy_command, &argc, argv, &o, &err);
	if (r != 0)
		return options_exit("policy", r, &err);
	if (privileges_only_look(PRIVILEGES_COUNTERS, &err) < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "check") == 0) {
		if (is_described(&o.explain) || o.explain.engine)
			return wrong_usage(
				&err, "--annotation, --value and --engine are for explain");
		return policy_check(&o, argv + 2, (size_t)argc - 2);
	}
	if (argc > 1 && strcmp(argv[1], "explain") == 0)
		return policy_explain_command(&o, argv + 2, (size_t)argc - 2);
	return wrong_usage(&err, argc > 1 ? "expected \"check\" or \"explain\" first" :
					    "\"check\" or \"explain\" is missing");
}
