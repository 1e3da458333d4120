/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook policy: is the configuration valid, and why is a container merged or not? */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/applets.h"
#include "applets/policy_print.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/text.h"
#include "containers/targets.h"
#include "doctor/policy_report.h"
#include "kernel/privileges.h"
#include "oci/config_load.h"

struct policy_options {
	const char *config_path, *engine;
	struct option_list annotations;
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
		"lists it), or of one that would have these annotations: each value that rules\n"
		"can ask for and who says so, each rule in order and whether it matches, and\n"
		"the decision with its reason.\n",
	.examples =
		"ksm-hook policy check\n"
		"ksm-hook policy explain web\n"
		"ksm-hook policy explain --engine=containerd --annotation io.ksm.merge=true\n",
	.see_also = "ksm-hook-policy(8), ksm-hook.conf(5), ksm-hook-reasons(7)",
	.option = {
		OPTION_TEXT(struct policy_options, config_path, "config", "FILE",
			    "read this configuration, and conf.d beside it, instead\n"
			    "of " CONFIG_PATH),
		OPTION_LIST(struct policy_options, annotations, "annotation", "KEY=VALUE",
			    "explain: of a container with this annotation; may be\n"
			    "given several times"),
		OPTION_TEXT(struct policy_options, engine, "engine", "ENGINE",
			    "explain: whose these annotations are, containerd\n"
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

	if (n == 0 && config_load(o->config_path, err) == -ETIMEDOUT) {
		tell_problem(c, false, err->msg);
	} else if (n == 0) {
		(void)config_files_read(o->config_path, &files, say_unreadable, c, err);
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

/* Its rules, as many at a time as an answer holds. */
static int explain_rules(const struct policy_question *q, struct json_out *json, size_t n,
			 struct error *err)
{
	struct policy_rules_report page;

	for (size_t i = 0; i < n; i += page.n) {
		int r = report_rules_from(q, i, &page, err);

		if (r < 0)
			return r;
		if (page.n == 0)
			return 0;
		for (size_t k = 0; k < page.n; k++) {
			if (json)
				policy_write_rule(json, &page.rule[k]);
			else
				policy_print_rule(&page.rule[k]);
		}
	}
	return 0;
}

static int explain_text(const struct policy_question *q, const struct explanation *e,
			struct error *err)
{
	size_t n = e->denies + e->allows;
	int r;

	printf("values\n");
	for (size_t k = 0; k < TRUSTED_KEYS; k++)
		policy_print_value(e, (enum trusted_key)k);
	printf("rules%s\n", n ? "" : "\n  none");
	r = explain_rules(q, NULL, n, err);
	policy_print_decision(&e->decision);
	return r;
}

static int explain_json(const struct policy_question *q, const struct explanation *e,
			struct error *err)
{
	struct json_out *json = json_out_new();
	int r;

	if (!json)
		return err_set(err, ENOMEM, "out of memory");
	json_out_object(json, NULL);
	json_out_object(json, "values");
	for (size_t k = 0; k < TRUSTED_KEYS; k++)
		policy_write_value(json, e, (enum trusted_key)k);
	json_out_end_object(json);
	json_out_array(json, "rules");
	r = explain_rules(q, json, e->denies + e->allows, err);
	json_out_end_array(json);
	policy_write_decision(json, &e->decision);
	json_out_end_object(json);
	return json_out_finish(json) == 0 ? r : -EIO;
}

static int explain_question(const struct policy_options *o, struct policy_question *q,
			    struct error *err)
{
	static struct explanation e;
	int r = config_load(o->config_path, err);

	q->files = config_loaded();
	if (r == 0)
		r = report_decision(q, &e, err);
	if (r < 0)
		return r;
	return o->json ? explain_json(q, &e, err) : explain_text(q, &e, err);
}

static int engine_parse(const char *name, enum container_engine *out, struct error *err)
{
	*out = ENGINE_UNKNOWN;
	if (!name)
		return 0;
	for (int e = ENGINE_UNKNOWN + 1; e < ENGINE_COUNT; e++) {
		if (strcmp(engine_name((enum container_engine)e), name) == 0) {
			*out = (enum container_engine)e;
			return 0;
		}
	}
	return err_set(err, EINVAL,
		       "invalid value \"%s\" for --engine, expected containerd, cri-o, docker, "
		       "podman or lxc",
		       name);
}

/* Cuts the arguments in two. */
static int explain_annotations(const struct policy_options *o, struct error *err)
{
	static char copy[OPTION_LIST_MAX][4096];
	struct annotation a[OPTION_LIST_MAX];
	struct policy_subject subject = { .annotation = a, .n = o->annotations.n };
	struct policy_question q = { .subject = &subject };
	int r = engine_parse(o->engine, &subject.engine, err);

	for (size_t i = 0; r == 0 && i < subject.n; i++) {
		const char *value = o->annotations.value[i], *equals = strchr(value, '=');
		size_t len = strlen(value);

		if (!equals || len >= sizeof(copy[0])) {
			r = err_set(err, EINVAL,
				    "invalid value \"%.64s\" for --annotation, expected "
				    "KEY=VALUE",
				    value);
			break;
		}
		memcpy(copy[i], value, len + 1);
		copy[i][equals - value] = '\0';
		a[i] = (struct annotation){ copy[i], copy[i] + (equals - value) + 1 };
	}
	if (subject.engine == ENGINE_LXC)
		subject.keys = &policy_environment;
	return r < 0 ? r : explain_question(o, &q, err);
}

static int explain_target(const struct policy_options *o, char *word, struct error *err)
{
	struct container_text text;
	struct policy_question q = { .container = &text };
	struct target_set set = { 0 };
	pid_t *pids = NULL;
	ssize_t n = 0;
	int r = target_resolve(&set, &word, 1, false, err);

	if (r == 0)
		n = target_list(&set, &pids, err);
	if (r < 0 || n < 0) {
		target_free(&set);
		return r < 0 ? r : (int)n;
	}
	if (set.n != 1 || set.t[0].kind != TARGET_CONTAINER)
		r = err_set(err, EINVAL, "%s: is no container", word);
	else if (!container_text_find(&set.t[0].name, n > 0 ? pids[0] : 0, &text))
		r = err_set(err, ENOENT,
			    "%s: its configuration is not where runc, crun or LXC of root keep "
			    "it; try --annotation",
			    word);
	else
		r = explain_question(o, &q, err);
	free(pids);
	target_free(&set);
	return r;
}

static int wrong_usage(struct error *err, const char *what)
{
	(void)err_set(err, EINVAL, "%s", what);
	return options_exit("policy", -EINVAL, err);
}

static int policy_explain_command(const struct policy_options *o, char *const *words, size_t n)
{
	struct error err;
	int r;

	if (n > 1 || (n == 1) == (o->annotations.n > 0))
		return wrong_usage(&err, "explain needs a TARGET, or --annotation");
	if (n == 1 && o->engine)
		return wrong_usage(&err, "--engine is for --annotation");
	r = n == 1 ? explain_target(o, words[0], &err) : explain_annotations(o, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}

int applet_policy(int argc, char **argv)
{
	struct policy_options o = { .config_path = CONFIG_PATH };
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
		if (o.annotations.n || o.engine)
			return wrong_usage(&err, "--annotation and --engine are for explain");
		return policy_check(&o, argv + 2, (size_t)argc - 2);
	}
	if (argc > 1 && strcmp(argv[1], "explain") == 0)
		return policy_explain_command(&o, argv + 2, (size_t)argc - 2);
	return wrong_usage(&err, argc > 1 ? "expected \"check\" or \"explain\" first" :
					    "\"check\" or \"explain\" is missing");
}
