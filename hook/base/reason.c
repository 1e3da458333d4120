/* SPDX-License-Identifier: Apache-2.0 */
/* Why something was decided, or failed: codes for logs, JSON and tests, which never change. */
#include "base/reason.h"

static const char *const reason_names[REASON_COUNT] = {
	[REASON_NONE] = "none",

	[REASON_CONTAINERS_ALL] = "containers-all",
	[REASON_CONTAINERS_NONE] = "containers-none",
	[REASON_DENIED_BY_RULE] = "denied-by-rule",
	[REASON_NOT_ALLOWED] = "not-allowed",
	[REASON_NOT_REQUESTED] = "not-requested",
	[REASON_OPTED_OUT] = "opted-out",
	[REASON_REQUESTED] = "requested",
	[REASON_RUNTIME_REQUESTS] = "runtime-requests",

	[REASON_LAYOUT_GROUP_DENIED] = "layout-group-denied",
	[REASON_LAYOUT_GROUP_NAME] = "layout-group-name",
	[REASON_LAYOUT_GROUP_NOT_ALLOWED] = "layout-group-not-allowed",
	[REASON_LAYOUT_GROUP_UNKNOWN] = "layout-group-unknown",
	[REASON_LAYOUT_LIMIT_AS] = "layout-limit-as",
	[REASON_LAYOUT_LIMIT_STACK] = "layout-limit-stack",
	[REASON_LAYOUT_NOT_ENABLED] = "layout-not-enabled",
	[REASON_LAYOUT_PERSONALITY] = "layout-personality",

	[REASON_SESSION_MERGEABLE] = "session-mergeable",
	[REASON_SESSION_NOT_MERGEABLE] = "session-not-mergeable",
	[REASON_SESSION_UNKNOWN] = "session-unknown",
};

const char *reason_name(enum reason reason)
{
	return reason_names[(unsigned)reason < REASON_COUNT ? reason : REASON_NONE];
}
