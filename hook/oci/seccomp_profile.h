/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's seccomp profile does to the calls that the preload library makes. */
#ifndef KSM_SECCOMP_PROFILE_H
#define KSM_SECCOMP_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_reader.h"

/* From good to bad; what asks a supervisor or a tracer counts as refused. */
enum profile_answer { PROFILE_ALLOWS, PROFILE_REFUSES, PROFILE_KILLS };

enum profile_call {
	PROFILE_PRCTL_GET, /* prctl(PR_GET_MEMORY_MERGE) */
	PROFILE_PRCTL_OFF, /* prctl(PR_SET_MEMORY_MERGE, 0), of which some kernels have need */
	PROFILE_PRCTL_ON,
	PROFILE_MADVISE, /* madvise(…, MADV_MERGEABLE) */
	PROFILE_CALLS
};

/* What the rule that is being read says, all its conditions joined, of one call. */
struct profile_match {
	bool named;              /* the rule is for this system call */
	bool hit, miss, unknown; /* of its conditions, one each that holds so */
};

/* Zero before the first use. Filled by the walk over config.json. */
struct profile {
	enum profile_answer otherwise; /* defaultAction */
	enum profile_answer worst[PROFILE_CALLS];
	bool ruled[PROFILE_CALLS];
	struct {
		enum profile_answer action;
		struct profile_match call[PROFILE_CALLS];
		uint64_t seen; /* indices that have a condition */
		bool twice;    /* one of them has two: runtimes then join with "or" */
	} rule;
	struct {
		bool known; /* every part is understood */
		bool has_op;
		uint64_t index, value, value_two;
		int op;
	} cond;
};

/*
 * For each value of config.json below linux.seccomp (runtime-spec, config-linux.md,
 * "Seccomp"), and at the end of each object and array there. The path is from the root.
 */
void profile_visit(struct profile *p, const struct json_path *path, const struct json_value *v);
void profile_leave(struct profile *p, const struct json_path *path);

/*
 * The answer for the native architecture, which libseccomp always has in a filter whatever
 * "architectures" says. Where rules overlap, and where a condition is about something that
 * is not known here (an address), it is the worst that may happen.
 */
enum profile_answer profile_answer(const struct profile *p, enum profile_call call);

#endif
