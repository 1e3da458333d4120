/* SPDX-License-Identifier: Apache-2.0 */
/* What `ksm-hook doctor` knows and found. */
#ifndef KSM_FINDINGS_H
#define KSM_FINDINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/reason.h"
#include "containers/targets.h"
#include "doctor/check_id.h"
#include "kernel/ksm_probe.h"
#include "policy/policy.h"

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,
	FINDING_WARNING,
	FINDING_BROKEN,
	FINDING_LEVELS
};

/* Texts are raw: a file name or a container's name in them may be any bytes. */
struct finding {
	enum check_id id; /* the same whether all is well or not */
	enum finding_level level;
	enum reason reason; /* REASON_NONE where no code says more than the id */
	const char *why;    /* NULL where all is well */
	char what[512];
	char fix[768]; /* a command for a shell after which it is not found any more; or "" */
	char advice[384]; /* a sentence, where no command does it */
};

/* Findings beyond these are only counted. */
#define FINDINGS_MAX 400

/* What engines have registered of ours, gathered by the checks of each engine. */
struct registered {
	bool hook;      /* createRuntime or prestart */
	bool poststart; /* which some kernels need */
	bool wrapper, lxc;
	char file[300]; /* that registers createRuntime, the first one; "" where none does */
};

struct docker_daemon;
struct engine_answer;

struct doctor {
	struct finding *finding; /* FINDINGS_MAX of them */
	size_t n, left_out;
	char self[PATH_MAX];   /* this program */
	const char *command;   /* the same as a user would type it */
	struct support kernel; /* known before the first check: it takes an execve(2) */
	/* ENGINE_QUESTIONS of them: of programs that were run before the first check, too */
	struct engine_answer *answer;
	struct docker_daemon *docker; /* found, and asked, before the first check */
	struct policy_config config;  /* the defaults where there is none, or a faulty one */
	struct registered registered;
	int64_t mergeable_pages; /* of containers' anonymous memory */
	struct target_set targets;
};

/* Add a finding. why is NULL where all is well. Never NULL. */
struct finding *finding_add(struct doctor *d, enum finding_level level, enum check_id id,
			    const char *why, const char *what, ...) __printf(5, 6);

/*
 * The command that makes it go, which root's shell can run as it stands: names of files as shell_word()
 * writes them. One that does not fit, or has what no terminal shows, is left out.
 */
void finding_fix(struct finding *f, const char *fmt, ...) __printf(2, 3);

/* What to do about it in words, where no command is sure to do it. */
void finding_advise(struct finding *f, const char *fmt, ...) __printf(2, 3);

/*
 * What was found since there were from findings is of something that has no effect as it is, so nothing
 * of it is well: those findings go.
 */
void findings_doubt(struct doctor *d, size_t from);

/* A name as one word of a shell's command; one that does not fit becomes a word that no fix has room for. */
struct shell_word {
	char text[sizeof(((struct finding *)0)->fix) + 1];
};
const char *shell_word(struct shell_word *out, const char *name);

/* A note that something could not be read or understood, so that nothing is said of it. */
void finding_unreadable(struct doctor *d, enum check_id id, const struct error *err);

size_t findings_of_level(const struct doctor *d, enum finding_level level);

/* "ok", "note", "warning", "broken" */
const char *finding_level_name(enum finding_level level);

#endif
