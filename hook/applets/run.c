/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook run: make this process mergeable, then become the command. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "kernel/ksm.h"
#include "kernel/ksm_probe.h"
#include "ksmd/boost.h"
#include "policy/stop.h"

/* POSIX sh, "Exit Status for Commands" */
#define NOT_FOUND      127
#define NOT_EXECUTABLE 126

/* Append the library to what the caller preloads already. */
static int preload(struct error *err)
{
	const char *old = getenv("LD_PRELOAD");
	char *list;
	int r;

	if (access(PRELOAD_LIBRARY, R_OK) < 0)
		return err_errno(err, errno, "%s", PRELOAD_LIBRARY);
	if (old && strstr(old, PRELOAD_LIBRARY))
		return 0;
	if (asprintf(&list, "%s%s%s", old ? old : "", old && *old ? ":" : "", PRELOAD_LIBRARY) <
	    0)
		return err_set(err, ENOMEM, "out of memory");
	r = setenv("LD_PRELOAD", list, 1) < 0 ? -errno : 0;
	free(list);
	return r < 0 ? err_errno(err, -r, "LD_PRELOAD") : 0;
}

/* What works best on this kernel; the command and all that it starts inherit either. */
static int make_self_mergeable(struct error *err)
{
	enum probe_way way = probe_way();
	int r;

	if (stop_check(err) < 0)
		return -EPERM;
	if (way == PROBE_NO_KSM)
		return err_set(err, ENOSYS, "this kernel has no KSM (CONFIG_KSM)");
	if (way != PROBE_MADVISE) {
		r = ksm_merge_self();
		if (r < 0)
			return err_errno(err, -r, "prctl(PR_SET_MEMORY_MERGE)");
	}
	if (way == PROBE_INHERIT)
		return 0;
	r = preload(err);
	if (r < 0)
		err_wrap(err, r, "this kernel %s, and the preload library is not there",
			 way == PROBE_MADVISE ? "has no prctl(PR_SET_MEMORY_MERGE)" :
						"loses the setting at exec");
	return r;
}

struct run_options {
	bool required;
};

static const struct command_syntax run_command __help_section = {
	.arguments = ARGUMENTS_LAST,
	.synopsis = "[--] COMMAND [ARGUMENT...]",
	.about =
		"Make this process mergeable, then become COMMAND; everything that it starts\n"
		"inherits that. On kernels without the setting, or that lose it at execve(2),\n"
		"libksm_preload.so is put into LD_PRELOAD instead, which reaches dynamically\n"
		"linked programs.\n"
		"\n"
		"The exit status is that of COMMAND; 127 if it was not found, 126 if it could\n"
		"not be executed.\n",
	.examples =
		"ksm-hook run -- redis-server --port 7000\n"
		"ksm-hook run --required dockerd\n",
	.see_also = "ksm-hook-run(8), libksm_preload(7)",
	.option = {
		OPTION_FLAG(struct run_options, required, "required",
			    "do not run COMMAND where it would not be mergeable; by\n"
			    "default it runs, with a warning"),
		{ "" },
	},
};

int applet_run(int argc, char **argv)
{
	struct run_options o = { 0 };
	struct error err;
	int r;

	log_init("run", false);
	surroundings_take();
	r = options_parse(&run_command, &argc, argv, &o, &err);
	if (r == 0 && argc == 1)
		r = err_set(&err, EINVAL, "no command given");
	if (r != 0)
		return options_exit("run", r, &err);
	argv++;
	if (make_self_mergeable(&err) < 0) {
		/* the kill switch must not keep a service from coming back */
		if (o.required && err.reason != REASON_HOST_STOPPED) {
			log_error("not mergeable, so %s is not run: %s", argv[0], err.msg);
			return 1;
		}
		log_warning("%s runs, but not mergeable: %s", argv[0], err.msg);
	} else {
		boost_start(true);
	}
	surroundings_give_back();
	execvp(argv[0], argv);
	r = errno;
	surroundings_take();
	log_error("%s: %s", argv[0], strerror(r));
	return r == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}
