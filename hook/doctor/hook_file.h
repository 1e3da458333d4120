/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a file of a hooks directory (oci-hooks(5)), and what is wrong with it. */
#ifndef KSM_HOOK_FILE_H
#define KSM_HOOK_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "doctor/findings.h"
#include "doctor/hook_form.h"

struct hook_file {
	const char *program, *command; /* hook.path, and the argument behind its name */
	bool condition;                /* there is one; without any the hook never runs */
	bool never;                    /* "always": false */
	bool matches;                  /* a condition is met by io.ksm.merge=true */
	bool narrowed;                 /* others have to be met as well */
	bool unknown; /* a pattern is valid in Go, and we cannot tell what it matches */
	bool create, poststart, precreate;
	unsigned starts;    /* createRuntime and prestart */
	bool hurried;       /* its timeout is none that a hook can keep */
	bool custom;        /* it sets what the one that we would write does not */
	bool condition_set; /* "when" has an annotation in other words than ours */
	bool args;          /* there are some */
	bool path_plain;    /* "path" and the program stand beside each other, and once */
	struct hook_form form;
};

/* The strings stay valid until json_release(). -EINVAL where it is not JSON. */
int hook_file_parse(struct hook_file *h, const char *path, const char *text, size_t len,
		    struct error *err);

/* Add findings about a file that names a program of ours; false if the hook cannot work. */
bool hook_file_judge(struct doctor *d, const char *path, const struct hook_file *h);

/* The command that writes the file anew, with this program. */
void hook_file_fix(const struct doctor *d, struct finding *f, const char *path);

/* The same of a file that is there; where something of its owner's would be lost, advice instead. */
void hook_file_mend(const struct doctor *d, struct finding *f, const char *path,
		    const struct hook_file *h, const char *advice);

#endif
