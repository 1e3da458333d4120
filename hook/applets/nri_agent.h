/* SPDX-License-Identifier: Apache-2.0 */
/* Of ksm-hook nri: what the process with power knows. */
#ifndef KSM_NRI_AGENT_H
#define KSM_NRI_AGENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "applets/nri_economize.h"
#include "applets/nri_features.h"
#include "applets/nri_http.h"
#include "applets/nri_way.h"
#include "nri/nri_existing.h"
#include "nri/nri_place.h"
#include "nri/nri_plugin.h"
#include "nri/nri_power.h"
#include "nri/nri_state.h"

struct agent {
	struct nri_plugin_options plugin;
	const char *socket;        /* NULL: the runtime has connected us */
	char place[NRI_PLACE_MAX]; /* which runtime it is, of this connection */
	struct nri_config config;
	struct nri_existing existing;
	struct nri_http http;
	struct nri_features features;
	struct nri_economize economize;
	struct nri_way way;
	struct nri_state *state; /* what the probes are answered from */
	int signals;             /* agent_signals() */
	pid_t reader;            /* of this connection; 0 once it has ended */
	int reader_status;
	bool registered; /* on this connection */
	bool ending;     /* somebody has asked us to, or: */
	bool failed;     /* it cannot go on */
};

#endif
