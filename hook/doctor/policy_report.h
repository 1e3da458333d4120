/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ksm-hook policy` has to say, found out in the sandbox: configurations may be anybody's to
 * check, and annotations are a tenant's. What comes back has its texts ended and its numbers in
 * range, and is as true as who wrote it.
 */
#ifndef KSM_POLICY_REPORT_H
#define KSM_POLICY_REPORT_H

#include "doctor/container_request.h"
#include "policy/config_files.h"
#include "policy/explain.h"

/* As many as an answer of the sandbox holds. */
#define REPORT_PROBLEMS 24
#define REPORT_RULES    16

struct policy_problems {
	size_t total, n; /* of all, and of those from the one on that was asked for */
	struct {
		bool warning;
		char text[320];
	} problem[REPORT_PROBLEMS];
};

/* The problems of these files from the number first on. 0 or -errno with err. */
int report_problems(const struct config_files *files, size_t first, struct policy_problems *out,
		    struct error *err);

/* What the report is about. */
struct policy_question {
	const struct config_files *files;
	const struct container_text *container; /* one that runs; or NULL: */
	const struct policy_subject *subject;   /* what somebody says of one */
	const uid_t *owner;                     /* whose it is; NULL: ours */
};

struct policy_rules_report {
	size_t n;
	struct explained_rule rule[REPORT_RULES];
};

/* -EINVAL where the configuration has an error. */
int report_decision(const struct policy_question *q, struct explanation *out,
		    struct error *err);

/* Its rules from the number first on. */
int report_rules_from(const struct policy_question *q, size_t first,
		      struct policy_rules_report *out, struct error *err);

#endif
