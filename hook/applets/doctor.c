/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook doctor: why is nothing merging? It changes nothing; where a command fixes what it found, it is told. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/unreadable.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/docker_daemon.h"
#include "doctor/engine_answer.h"
#include "doctor/findings.h"
#include "kernel/ksm_probe.h"
#include "kernel/privileges.h"
#include "oci/runtime_path.h"

/*
 * In the order in which they build on each other: ksmd's speed is judged by the memory of the
 * containers, and a kernel where exec ends merging by what the engines have registered.
 */
static void (*const checks[])(struct doctor *d) = {
	check_kernel, check_security, check_installation, check_containers,    check_ksmd,
	check_podman, check_crio,     check_docker,       check_containerd,    check_lxc,
	check_openvz, check_runtime,  check_exec,         check_silent_places,
};

/* After the label, in lines of WIDTH; a word is never split. */
static void print_folded(const char *label, const char *text)
{
	enum { WIDTH = 96, INDENT = 10 };
	int column = printf("%-*s", INDENT, label);

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (column > INDENT && column + 1 + n > WIDTH)
			column = printf("\n%*s", INDENT, "") - 1;
		else if (column > INDENT)
			column += printf(" ");
		column += printf("%.*s", n, text);
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

static void print_finding(const struct finding *f)
{
	char what[4 * sizeof(f->what)], advice[4 * sizeof(f->advice)], line[sizeof(what) + 64];

	printable(what, sizeof(what), f->what, strlen(f->what));
	printable(advice, sizeof(advice), f->advice, strlen(f->advice));
	snprintf(line, sizeof(line), "%s: %s", check_id_name(f->id), what);
	if (f->level == FINDING_OK) {
		printf("ok        %s\n", line);
		return;
	}
	print_folded(finding_level_name(f->level), line);
	if (f->why)
		print_folded("  why", f->why);
	/* in one line, to be copied, with backslashes: finding_fix() takes nothing else to be escaped */
	if (f->fix[0])
		printf("  fix     %s\n", f->fix);
	else if (advice[0])
		print_folded("  advice", advice);
}

static void print_findings(const struct doctor *d)
{
	/* the worst first */
	for (int level = FINDING_BROKEN; level >= FINDING_OK; level--) {
		for (size_t i = 0; i < d->n; i++) {
			if ((int)d->finding[i].level == level)
				print_finding(&d->finding[i]);
		}
	}
	if (d->left_out)
		printf("and %zu more\n", d->left_out);
	printf("%zu broken, %zu warnings, %zu notes, %zu ok\n",
	       findings_of_level(d, FINDING_BROKEN), findings_of_level(d, FINDING_WARNING),
	       findings_of_level(d, FINDING_NOTE), findings_of_level(d, FINDING_OK));
}

static void write_finding(struct json_out *o, const struct finding *f)
{
	json_out_object(o, NULL);
	json_out_string(o, "id", check_id_name(f->id));
	json_out_string(o, "level", finding_level_name(f->level));
	if (f->reason != REASON_NONE)
		json_out_string(o, "reason", reason_name(f->reason));
	json_out_string(o, "what", f->what);
	if (f->why)
		json_out_string(o, "why", f->why);
	if (f->fix[0])
		json_out_string(o, "fix", f->fix);
	else if (f->advice[0])
		json_out_string(o, "advice", f->advice);
	json_out_end_object(o);
}

static int write_findings(const struct doctor *d)
{
	struct json_out *o = json_out_new();

	if (!o)
		return 1;
	json_out_object(o, NULL);
	json_out_int(o, "broken", (int64_t)findings_of_level(d, FINDING_BROKEN));
	json_out_int(o, "warnings", (int64_t)findings_of_level(d, FINDING_WARNING));
	json_out_int(o, "notes", (int64_t)findings_of_level(d, FINDING_NOTE));
	json_out_int(o, "left_out", (int64_t)d->left_out);
	json_out_array(o, "findings");
	for (size_t i = 0; i < d->n; i++)
		write_finding(o, &d->finding[i]);
	json_out_end_array(o);
	json_out_end_object(o);
	return json_out_finish(o);
}

/* Commands that are to be copied name no path where the shell finds the program. */
static void find_doctor_itself(struct doctor *d)
{
	char dir[PATH_MAX + 2];
	static struct shell_word word;
	const char *slash;

	if (readlink("/proc/self/exe", d->self, sizeof(d->self) - 1) < 0)
		snprintf(d->self, sizeof(d->self), "ksm-hook");
	slash = strrchr(d->self, '/');
	d->command = shell_word(&word, d->self);
	if (!slash || strcmp(slash, "/ksm-hook") != 0)
		return;
	snprintf(dir, sizeof(dir), ":%.*s:", (int)(slash - d->self), d->self);
	if (strstr(":" RUNTIME_PATH ":", dir))
		d->command = "ksm-hook";
}

static int run_checks(struct doctor *d, bool json)
{
	int r = 0;

	find_doctor_itself(d);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](d);
	if (json)
		r = write_findings(d);
	else
		print_findings(d);
	return findings_of_level(d, FINDING_BROKEN) ? 1 : r;
}

struct doctor_options {
	bool json;
};

static const struct command_syntax doctor_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "[TARGET...]",
	.about =
		"Find out why nothing is merging: look at the kernel, at ksmd, at the\n"
		"configuration of this host's container engines, and at the containers that\n"
		"run. For each problem prints why it matters, and the command that fixes it, or\n"
		"advice. Changes nothing.\n"
		"\n"
		"A TARGET is a process (NUMBER or pid:NUMBER), a container as ksm-hook ps lists\n"
		"it (NAME, or ENGINE:NAME), or a cgroup with all below it (a path as in\n"
		"/proc/PID/cgroup). Without a TARGET all containers are looked at.\n"
		"\n"
		"The exit status is 1 if something is broken.\n",
	.examples =
		"ksm-hook doctor\n"
		"ksm-hook doctor docker:4f2a9c\n"
		"ksm-hook doctor --json | jq '.findings[] | select(.level == \"broken\")'\n",
	.see_also = "ksm-hook-doctor(8), ksm-hook(8)",
	.option = {
		OPTION_FLAG(struct doctor_options, json, "json",
			    "print JSON"),
		{ "" },
	},
};

/* The probe executes this program, and engines' own and dockerd are asked, which is over then. */
static int give_up_privileges(struct doctor *d, struct error *err)
{
	int r = privileges_reduce(PRIVILEGES_COUNTERS, err);

	if (r < 0)
		return r;
	d->kernel = probe_support();
	docker_daemon_ask(d->docker);
	engine_answers_get(d->answer, d->docker->file);
	return privileges_only_look(PRIVILEGES_COUNTERS, err);
}

int applet_doctor(int argc, char **argv)
{
	static struct engine_answer answer[ENGINE_QUESTIONS];
	static struct docker_daemon docker;
	static struct doctor d;
	struct doctor_options o = { 0 };
	struct error err;
	int ret;

	d.answer = answer;
	d.docker = &docker;
	log_init("doctor", false);
	ret = options_parse(&doctor_command, &argc, argv, &o, &err);
	if (ret != 0)
		return options_exit("doctor", ret, &err);
	if (give_up_privileges(&d, &err) < 0) {
		log_error("%s", err.msg);
		return 2;
	}
	if (argc > 1 &&
	    target_resolve(&d.targets, argv + 1, (size_t)(argc - 1), false, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		target_free(&d.targets);
		return 2;
	}
	d.finding = calloc(FINDINGS_MAX, sizeof(*d.finding));
	if (d.finding) {
		ret = run_checks(&d, o.json);
		unreadable_log();
	} else {
		log_error("out of memory");
		ret = 1;
	}
	free(d.finding);
	engine_answers_free(d.answer);
	docker_daemon_free(d.docker);
	target_free(&d.targets);
	return ret;
}
