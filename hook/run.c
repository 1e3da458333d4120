/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook run: make this process mergeable, then become the command. */
#include <getopt.h>
#include <string.h>

#include "applets.h"
#include "ksm.h"
#include "log.h"

/* POSIX sh, "Exit Status for Commands" */
#define NOT_FOUND      127
#define NOT_EXECUTABLE 126

int applet_run(int argc, char **argv)
{
	static const struct option longopts[] = { { "required", no_argument, NULL, 'r' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	bool required = false;
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
	r = ksm_merge_self();
	if (r < 0) {
		const char *why = strerror(-r);

		if (r == -EINVAL)
			why = "this kernel has no prctl(PR_SET_MEMORY_MERGE): Linux 6.4 with "
			      "CONFIG_KSM is needed";
		if (required) {
			log_error("not mergeable, so %s is not run: %s", argv[optind], why);
			return 1;
		}
		log_warning("%s runs, but not mergeable: %s", argv[optind], why);
	}
	execvp(argv[optind], argv + optind);
	r = errno;
	log_error("%s: %s", argv[optind], strerror(r));
	return r == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}
