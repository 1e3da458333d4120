/* SPDX-License-Identifier: Apache-2.0 */
/* Of policy/config.c: what is wrong in config.json, and where, is said. */
#ifndef KSM_CONFIG_PROBLEMS_H
#define KSM_CONFIG_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json_position.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "policy/policy_types.h"

/* A file, as it was read. */
struct config_text {
	const char *path; /* for messages */
	const char *name; /* what decisions call it: "config.json", "conf.d/50-site.json" */
	const char *text;
	size_t len;
};

/* What is wrong in a file, and where: in words, with the file's path in front. */
struct config_problem {
	bool warning; /* not understood, and without effect */
	bool advice;  /* a warning of what has an effect, and may not be what was meant */
	const char *text;
};

typedef void config_report(void *arg, const struct config_problem *problem);

/* A walk over one file. */
struct config_walk {
	const struct config_text *file;
	struct policy_config *config;
	config_report *report;
	void *arg;
	struct error *err; /* the first */
	bool failed;
	unsigned seen; /* a bit for each of keys */
	int skip;      /* what is deeper than this was refused, or is not known */
};

#define CONFIG_SKIP_NOTHING JSON_DEPTH_MAX

/* Advice goes to whoever asks for all problems, not into the log of every start. */
enum problem_kind { PROBLEM_ERROR, PROBLEM_WARNING, PROBLEM_ADVICE };

void config_say(struct config_walk *p, enum problem_kind kind, struct json_position at,
		const char *fmt, ...) __printf(4, 5);

/* Where a member's key stands, or a value that has none. */
struct json_position config_place_of(const struct config_walk *p, const struct json_value *v);

/* An error: the key must be what is expected. Nothing that is in the value is visited. */
void config_refuse(struct config_walk *p, const struct json_path *path,
		   const struct json_value *v, const char *key, const char *expected);

/* A text without a NUL in it? */
bool config_is_text(const struct json_value *v);

#endif
