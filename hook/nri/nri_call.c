/* SPDX-License-Identifier: Apache-2.0 */
/* What the confined reader of NRI's frames may ask the process with power for. */
#include "nri/nri_call.h"

#include <string.h>

#include "kernel/sandbox.h"
#include "oci/decision_check.h"

int nri_call_check(struct nri_call *call, size_t len, struct error *err)
{
	bool fine = len == NRI_CALL_SIZE && (unsigned)call->kind < NRI_CALL_KINDS &&
		    sandbox_bool(&call->takes_args);

	for (size_t i = 0; fine && i < NRI_USES; i++)
		fine = sandbox_bool(&call->can[i]);
	if (!fine)
		return err_reason(err, REASON_PARSER_REPLY,
				  err_set(err, EPROTO, "the parser sent a malformed request"));
	call->text[sizeof(call->text) - 1] = '\0';
	memset(&call->container.spec, 0, sizeof(call->container.spec));
	return decision_check(&call->container, 0, err);
}
