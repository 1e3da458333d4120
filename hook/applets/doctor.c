/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook doctor: why is nothing merging? It only looks; each finding has its remedy. */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/macros.h"
#include "doctor/findings.h"
#include "oci/runtime_path.h"

/*
 * In the order in which they build on each other: ksmd's speed is judged by the memory of the
 * containers, and a kernel that loses the mark by what the engines have registered.
 */
static void (*const checks[])(struct doctor *d) = {
	check_kernel,     check_security, check_config,  check_host,
	check_containers, check_ksmd,     check_tuners,  check_huge_pages,
	check_podman,     check_crio,     check_docker,  check_containerd,
	check_lxc,        check_openvz,   check_runtime, check_exec,
};

static const char *const level_names[] = { "ok", "note", "warning", "broken" };

/* Behind "label  ", in lines of WIDTH; what has no blanks is left whole. */
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
	char line[sizeof(f->what) + 64];

	snprintf(line, sizeof(line), "%s: %s", f->id, f->what);
	if (f->level == CHECK_OK) {
		printf("ok        %s\n", line);
		return;
	}
	print_folded(level_names[f->level], line);
	if (f->why)
		print_folded("  why", f->why);
	/* in one line, to be copied */
	if (f->fix[0])
		printf("  fix     %s\n", f->fix);
}

static size_t count(const struct doctor *d, enum check_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->finding[i].level == level;
	return n;
}

static void print_text(const struct doctor *d)
{
	/* the worst first */
	for (int level = CHECK_BROKEN; level >= CHECK_OK; level--) {
		for (size_t i = 0; i < d->n; i++) {
			if ((int)d->finding[i].level == level)
				print_finding(&d->finding[i]);
		}
	}
	if (d->left_out)
		printf("and %zu more\n", d->left_out);
	printf("%zu broken, %zu warnings, %zu notes, %zu ok\n", count(d, CHECK_BROKEN),
	       count(d, CHECK_WARNING), count(d, CHECK_NOTE), count(d, CHECK_OK));
}

static int print_json(const struct doctor *d)
{
	struct json_out *o = json_out_new();

	if (!o)
		return 1;
	json_out_object(o, NULL);
	json_out_int(o, "broken", (int64_t)count(d, CHECK_BROKEN));
	json_out_int(o, "warnings", (int64_t)count(d, CHECK_WARNING));
	json_out_int(o, "notes", (int64_t)count(d, CHECK_NOTE));
	json_out_int(o, "left_out", (int64_t)d->left_out);
	json_out_array(o, "findings");
	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->finding[i];

		json_out_object(o, NULL);
		json_out_string(o, "id", f->id);
		json_out_string(o, "level", level_names[f->level]);
		json_out_string(o, "what", f->what);
		if (f->why)
			json_out_string(o, "why", f->why);
		if (f->fix[0])
			json_out_string(o, "fix", f->fix);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_end_object(o);
	return json_out_finish(o);
}

/* Commands that are to be copied are short where the shell will find the program. */
static void find_self(struct doctor *d)
{
	char dir[PATH_MAX + 2];
	const char *slash;

	if (readlink("/proc/self/exe", d->self, sizeof(d->self) - 1) < 0)
		snprintf(d->self, sizeof(d->self), "ksm-hook");
	slash = strrchr(d->self, '/');
	d->command = d->self;
	if (!slash || strcmp(slash, "/ksm-hook") != 0)
		return;
	snprintf(dir, sizeof(dir), ":%.*s:", (int)(slash - d->self), d->self);
	if (strstr(":" REAL_PATH ":", dir))
		d->command = "ksm-hook";
}

static int examine(struct doctor *d, bool json)
{
	int r = 0;

	find_self(d);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](d);
	if (json)
		r = print_json(d);
	else
		print_text(d);
	return count(d, CHECK_BROKEN) ? 1 : r;
}

int applet_doctor(int argc, char **argv)
{
	static struct doctor d;
	bool json = false;
	struct error err;
	int ret;

	log_init("doctor", false);
	ret = look_target_options(argc, argv, &json);
	if (ret >= 0)
		return ret;
	if (optind < argc && target_resolve(&d.targets, argv + optind, (size_t)(argc - optind),
					    false, &err) < 0) {
		log_error("%s", err.msg);
		target_free(&d.targets);
		return 2;
	}
	d.finding = calloc(FINDINGS_MAX, sizeof(*d.finding));
	if (d.finding) {
		ret = examine(&d, json);
	} else {
		log_error("out of memory");
		ret = 1;
	}
	free(d.finding);
	target_free(&d.targets);
	return ret;
}
