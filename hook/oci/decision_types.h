/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as it comes out of the sandbox. */
#ifndef KSM_DECISION_TYPES_H
#define KSM_DECISION_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "containers/metadata.h"
#include "oci/spec_facts.h"
#include "policy/config_files.h"
#include "policy/policy_types.h"

/* What comes out of the sandbox: plain data. Texts that are not given are empty. */
struct container_decision {
	struct error err; /* with failed: why */
	bool failed;      /* there is no decision */
	bool syntax;      /* that is because the text is no JSON */
	bool log_given;
	enum log_level log;
	/* reason REASON_NONE: nothing was decided; required is set even then */
	struct decision decision;
	/* who it is, as far as its text says */
	char id[256];
	pid_t pid;
	uint64_t start;   /* of that process, as proc_stat has it; of a runtime's state only */
	bool running;     /* as the state's "status" has it */
	char bundle[768]; /* absolute */
	struct metadata metadata;
	/* of a config.json only; not set where nobody asks */
	struct spec spec;
};

/* What config.json says that concerns no container. */
struct decision_settings {
	struct error err; /* with failed: why */
	bool failed;      /* it says nothing */
	bool required;
	bool observe;
	bool audit; /* even if it failed, as far as the files could be read */
	bool log_given;
	enum log_level log;
	int64_t max_sparse; /* bytes; 0: no bound */
	size_t runtimes;
	char runtime[POLICY_RUNTIMES_MAX][CONFIG_RUNTIME_MAX + 1];
};

#endif
