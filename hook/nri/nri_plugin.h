/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of NRI: register, be configured, and decide about each container. */
#ifndef KSM_NRI_PLUGIN_H
#define KSM_NRI_PLUGIN_H

#include <stdbool.h>

#include "base/error.h"

struct nri_plugin_options {
	const char *name, *index; /* by which the runtime knows us */
	const char *config_path;  /* for messages */
	bool existing;            /* containers that run already are merged as well */
	/* as the runtime's host knows them: what NRI_CALL_CREATE's answer means */
	const char *program, *preload;
};

/*
 * Serve the runtime at the socket until it closes the connection, asking at power for what
 * nri_call.h has; confined from before the first byte. Does not return: the exit status is 0, or 1
 * where the runtime did not speak NRI.
 */
_Noreturn void nri_plugin_serve(int socket, int power, const struct nri_plugin_options *o);

#endif
