/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook run: make this process mergeable, then become the command. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/ksm.h"
#include "kernel/ksm_probe.h"
#include "ksmd/boost.h"

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
static int make_mergeable(struct error *err)
{
	enum probe_way way = probe_way();
	int r;

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
						"loses the mark at exec");
	return r;
}

int applet_run(int argc, char **argv)
{
	static const struct option longopts[] = { { "required", no_argument, NULL, 'r' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	bool required = false;
	struct error err;
	int c, r;

	log_init("run", false);
	/* '+': the command's own options are not ours */
	while ((c = getopt_long(argc, argv, "+", longopts, NULL)) != -1) {
		switch (c) {
		case 'r':
			required = true;
			break;
		case 'h':
			applet_usage(argv[0]);
			return 0;
		default:
			return 2;
		}
	}
	if (optind == argc) {
		log_error("no command given; ksm-hook run --help tells more");
		return 2;
	}
	if (make_mergeable(&err) < 0) {
		if (required) {
			log_error("not mergeable, so %s is not run: %s", argv[optind], err.msg);
			return 1;
		}
		log_warning("%s runs, but not mergeable: %s", argv[optind], err.msg);
	} else {
		boost_start(true);
	}
	execvp(argv[optind], argv + optind);
	r = errno;
	log_error("%s: %s", argv[optind], strerror(r));
	return r == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}
