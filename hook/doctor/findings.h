/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of `ksm-hook doctor` share: findings, and files of the host that steer root. */
#ifndef KSM_CHECKS_H
#define KSM_CHECKS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"
#include "containers/targets.h"
#include "kernel/ksm_probe.h"
#include "policy/policy.h"

enum check_level { CHECK_OK, CHECK_NOTE, CHECK_WARNING, CHECK_BROKEN };

struct finding {
	const char *id; /* of the check: the same whether it is well or not */
	enum check_level level;
	const char *why;
	char what[512];
	char fix[768]; /* a command for a shell, or a sentence where there is none */
};

/* More than this are counted, but not told. */
#define FINDINGS_MAX 400

/* What the engines hold of ours, gathered by the checks of each. */
struct registered {
	bool hook;      /* createRuntime or prestart */
	bool poststart; /* which some kernels need */
	bool wrapper, lxc;
};

struct doctor {
	struct finding *finding;
	size_t n, left_out;
	char self[PATH_MAX]; /* this program */
	const char *command; /* the same as one would type it */
	struct support kernel;
	struct policy_config config; /* the defaults where there is none, or it is wrong */
	struct registered registered;
	int64_t marked_pages; /* of containers' anonymous memory */
	struct target_set targets;
};

/* Add a finding. why is NULL where all is well. Never NULL. */
struct finding *check_add(struct doctor *d, enum check_level level, const char *id,
			  const char *why, const char *what, ...) __printf(5, 6);

void check_fix(struct finding *f, const char *fmt, ...) __printf(2, 3);

/* Is a program of that name where programs are installed? */
bool check_installed(const char *program);

/*
 * Read a file of the administrator's: regular, of root (or us) and written by nobody else. The
 * text ends with a NUL and is the caller's. Its length, -ENOENT where there is none, -EPERM
 * where others can write it, …; err has it in words.
 */
#define CHECK_FILE_MAX (512u << 10)
ssize_t check_read(const char *path, char **text, struct error *err);

/*
 * A program that root will execute: there, executable, root's alone. 0, else -errno with what
 * is wrong and the command that mends it.
 */
int check_program(const char *path, struct error *what, struct error *fix);

/*
 * What mends check_program()'s r: fix, or, where the program is beside this one now, to write
 * that into the file that names it.
 */
void check_fix_program(struct doctor *d, struct finding *f, int r, const char *file,
		       const char *path, const struct error *fix);

/* Does this path lead to this program, or has it the name of it or of the runtime wrapper? */
bool check_is_ours(const struct doctor *d, const char *path);

/* Pages that one scan goes through: what ksmd counts, or what containers will bring. */
int64_t check_scan_pages(const struct doctor *d);

/* Could not be read or understood: a finding about that. */
void check_unreadable(struct doctor *d, const char *id, const struct error *err);

/* The paths in dir that end with suffix, sorted by name; NULL for none. Free with check_free_list(). */
char **check_list(const char *dir, const char *suffix);
void check_free_list(char **list);

/* Free what *text points at; for __cleanup. */
void check_free(char **text);

/* The checks. */
void check_kernel(struct doctor *d);
void check_security(struct doctor *d);
void check_config(struct doctor *d);
void check_host(struct doctor *d);
void check_containers(struct doctor *d);
void check_ksmd(struct doctor *d);
void check_tuners(struct doctor *d);
void check_huge_pages(struct doctor *d);
void check_podman(struct doctor *d);
void check_crio(struct doctor *d);
void check_docker(struct doctor *d);
void check_containerd(struct doctor *d);
void check_lxc(struct doctor *d);
void check_openvz(struct doctor *d);
void check_runtime(struct doctor *d);
void check_exec(struct doctor *d);

#endif
