/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's seccomp profile does to the calls that the preload library makes. */
#include "oci/seccomp_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksm.h"

/* uapi/asm-generic/mman-common.h */
#ifndef MADV_MERGEABLE
#define MADV_MERGEABLE 12
#endif

/* seccomp_data.args */
#define ARGS 6

static const struct call {
	char name[8];
	unsigned known; /* a bit for each argument whose value is known */
	uint64_t arg[ARGS];
} calls[PROFILE_CALLS] = {
	[PROFILE_PRCTL_GET] = { "prctl", 0x1f, { PR_GET_MEMORY_MERGE } },
	[PROFILE_PRCTL_OFF] = { "prctl", 0x1f, { PR_SET_MEMORY_MERGE, 0 } },
	[PROFILE_PRCTL_ON] = { "prctl", 0x1f, { PR_SET_MEMORY_MERGE, 1 } },
	[PROFILE_MADVISE] = { "madvise", 0x04, { 0, 0, MADV_MERGEABLE } },
};

enum op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ, OPS };

static const char op_names[OPS][24] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
};

static bool text_is(const struct json_value *v, const char *want)
{
	return v->type == JSON_STRING && v->len == strlen(want) &&
	       memcmp(v->text, want, v->len) == 0;
}

static enum profile_answer action(const struct json_value *v)
{
	if (text_is(v, "SCMP_ACT_ALLOW") || text_is(v, "SCMP_ACT_LOG"))
		return PROFILE_ALLOWS;
	if (text_is(v, "SCMP_ACT_KILL") || text_is(v, "SCMP_ACT_KILL_PROCESS") ||
	    text_is(v, "SCMP_ACT_KILL_THREAD") || text_is(v, "SCMP_ACT_TRAP"))
		return PROFILE_KILLS;
	return PROFILE_REFUSES;
}

static bool seccomp_number(const struct json_value *v, uint64_t *out)
{
	char copy[24], *end;

	if (v->type != JSON_NUMBER || v->len >= sizeof(copy))
		return false;
	memcpy(copy, v->text, v->len);
	copy[v->len] = '\0';
	errno = 0;
	*out = strtoull(copy, &end, 10);
	/* strtoull would take a sign */
	return errno == 0 && *end == '\0' && copy[0] != '-';
}

static void visit_condition(struct profile *p, const char *key, const struct json_value *v)
{
	bool fine = true;

	if (strcmp(key, "index") == 0) {
		fine = seccomp_number(v, &p->cond.index);
	} else if (strcmp(key, "value") == 0) {
		fine = seccomp_number(v, &p->cond.value);
	} else if (strcmp(key, "valueTwo") == 0) {
		fine = seccomp_number(v, &p->cond.value_two);
	} else if (strcmp(key, "op") == 0) {
		p->cond.op = 0;
		while (p->cond.op < OPS && !text_is(v, op_names[p->cond.op]))
			p->cond.op++;
		p->cond.has_op = p->cond.op < OPS;
	}
	p->cond.known = p->cond.known && fine;
}

/* below "syscalls" */
static void visit_rule(struct profile *p, const struct json_path *path,
		       const struct json_value *v)
{
	const char *key = path->depth > 4 ? path->key[4] : NULL;

	if (path->depth == 4) {
		memset(&p->rule, 0, sizeof(p->rule));
		p->rule.action = PROFILE_REFUSES;
	} else if (!key) {
		return;
	} else if (path->depth == 5 && strcmp(key, "action") == 0) {
		p->rule.action = action(v);
	} else if (path->depth == 6 && strcmp(key, "names") == 0) {
		for (size_t i = 0; i < PROFILE_CALLS; i++)
			p->rule.call[i].named |= text_is(v, calls[i].name);
	} else if (path->depth == 6 && strcmp(key, "args") == 0) {
		memset(&p->cond, 0, sizeof(p->cond));
		p->cond.known = true;
	} else if (path->depth == 7 && strcmp(key, "args") == 0 && path->key[6]) {
		visit_condition(p, path->key[6], v);
	}
}

void profile_visit(struct profile *p, const struct json_path *path, const struct json_value *v)
{
	const char *key = path->depth > 2 ? path->key[2] : NULL;

	if (path->depth == 2 && v->type == JSON_OBJECT)
		p->otherwise = PROFILE_REFUSES;
	if (!key)
		return;
	if (path->depth == 3 && strcmp(key, "defaultAction") == 0)
		p->otherwise = action(v);
	else if (path->depth > 3 && strcmp(key, "syscalls") == 0)
		visit_rule(p, path, v);
}

static bool compare(const struct profile *p, uint64_t arg)
{
	uint64_t value = p->cond.value;

	switch ((enum op)p->cond.op) {
	case OP_NE:
		return arg != value;
	case OP_LT:
		return arg < value;
	case OP_LE:
		return arg <= value;
	case OP_EQ:
		return arg == value;
	case OP_GE:
		return arg >= value;
	case OP_GT:
		return arg > value;
	default: /* the mask comes first */
		return (arg & value) == p->cond.value_two;
	}
}

static void condition_ends(struct profile *p)
{
	bool known = p->cond.known && p->cond.has_op && p->cond.index < ARGS;
	uint64_t bit = known ? (uint64_t)1 << p->cond.index : 0;

	p->rule.twice |= (p->rule.seen & bit) != 0;
	p->rule.seen |= bit;
	for (size_t i = 0; i < PROFILE_CALLS; i++) {
		struct profile_match *m = &p->rule.call[i];

		if (!known || !(calls[i].known & bit))
			m->unknown = true;
		else if (compare(p, calls[i].arg[p->cond.index]))
			m->hit = true;
		else
			m->miss = true;
	}
}

static void rule_ends(struct profile *p)
{
	for (size_t i = 0; i < PROFILE_CALLS; i++) {
		const struct profile_match *m = &p->rule.call[i];
		bool applies;

		/* a good rule has to match for certain, of a bad one it is enough that it may */
		if (p->rule.action == PROFILE_ALLOWS)
			applies = !m->miss && !m->unknown;
		else
			applies = p->rule.twice ? m->hit || m->unknown : !m->miss;
		if (!m->named || !applies)
			continue;
		p->ruled[i] = true;
		if (p->rule.action > p->worst[i])
			p->worst[i] = p->rule.action;
	}
}

void profile_leave(struct profile *p, const struct json_path *path)
{
	if (path->depth < 4 || !json_path_has(path, 2, "syscalls"))
		return;
	if (path->depth == 4)
		rule_ends(p);
	else if (path->depth == 6 && json_path_has(path, 4, "args"))
		condition_ends(p);
}

enum profile_answer profile_answer(const struct profile *p, enum profile_call call)
{
	return p->ruled[call] ? p->worst[call] : p->otherwise;
}
