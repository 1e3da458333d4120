/* SPDX-License-Identifier: Apache-2.0 */
/* Why something was decided, or failed: codes for logs, JSON and tests, which never change. */
#include "base/reason.h"

/* In place: a pointer to each is a page that every start of a hook writes as it relocates itself. */
static const char reason_names[REASON_COUNT][32] = {
	[REASON_NONE] = "none",

	[REASON_CONTAINERS_ALL] = "containers-all",
	[REASON_CONTAINERS_NONE] = "containers-none",
	[REASON_DENIED_BY_RULE] = "denied-by-rule",
	[REASON_DENIED_UNKNOWN] = "denied-unknown",
	[REASON_NOT_ALLOWED] = "not-allowed",
	[REASON_NOT_REQUESTED] = "not-requested",
	[REASON_OBSERVED] = "observed",
	[REASON_OPTED_OUT] = "opted-out",
	[REASON_REQUESTED] = "requested",
	[REASON_RUNTIME_REQUESTS] = "runtime-requests",

	[REASON_LAYOUT_GROUP_DENIED] = "layout-group-denied",
	[REASON_LAYOUT_GROUP_NAME] = "layout-group-name",
	[REASON_LAYOUT_GROUP_NOT_ALLOWED] = "layout-group-not-allowed",
	[REASON_LAYOUT_GROUP_UNKNOWN] = "layout-group-unknown",
	[REASON_LAYOUT_IMAGE_UNKNOWN] = "layout-image-unknown",
	[REASON_LAYOUT_LIMIT_AS] = "layout-limit-as",
	[REASON_LAYOUT_LIMIT_STACK] = "layout-limit-stack",
	[REASON_LAYOUT_NOT_ENABLED] = "layout-not-enabled",
	[REASON_LAYOUT_PERSONALITY] = "layout-personality",

	[REASON_ECONOMY_AGAIN] = "economy-again",
	[REASON_ECONOMY_BY_MADVISE] = "economy-by-madvise",
	[REASON_ECONOMY_COSTS_MORE] = "economy-costs-more",
	[REASON_ECONOMY_NARROWED] = "economy-narrowed",
	[REASON_ECONOMY_NOT_KNOWN] = "economy-not-known",
	[REASON_ECONOMY_OFF] = "economy-off",
	[REASON_ECONOMY_PAYS] = "economy-pays",
	[REASON_ECONOMY_PIECES] = "economy-pieces",
	[REASON_ECONOMY_SHARED_LAYOUT] = "economy-shared-layout",
	[REASON_ECONOMY_SMALL] = "economy-small",
	[REASON_ECONOMY_WATCHED] = "economy-watched",

	[REASON_NRI_PROTOCOL] = "nri-protocol",
	[REASON_NRI_UNREACHABLE] = "nri-unreachable",

	[REASON_SESSION_MERGEABLE] = "session-mergeable",
	[REASON_SESSION_NOT_MERGEABLE] = "session-not-mergeable",
	[REASON_SESSION_UNKNOWN] = "session-unknown",
	[REASON_TARGET_BUSY] = "target-busy",
	[REASON_TARGET_ENDED] = "target-ended",
	[REASON_TARGET_SECCOMP] = "target-seccomp",
	[REASON_TARGET_SKIPPED] = "target-skipped",
	[REASON_TARGET_SPARSE] = "target-sparse",
	[REASON_TARGET_TRACED] = "target-traced",
	[REASON_TARGET_UNREADABLE] = "target-unreadable",
	[REASON_TARGET_UNTRACEABLE] = "target-untraceable",
	[REASON_HOST_HEADROOM] = "host-headroom",
	[REASON_HOST_NOT_RELOADED] = "host-not-reloaded",
	[REASON_HOST_OTHER_TUNER] = "host-other-tuner",
	[REASON_HOST_STOPPED] = "host-stopped",
	[REASON_HOST_UNREADABLE] = "host-unreadable",

	[REASON_CONFIG_INVALID] = "config-invalid",
	[REASON_CONFIG_UNREADABLE] = "config-unreadable",
	[REASON_CONFIG_UNTRUSTED] = "config-untrusted",

	[REASON_HOOK_MISPLACED] = "hook-misplaced",
	[REASON_INIT_FOREIGN] = "init-foreign",
	[REASON_INIT_GONE] = "init-gone",
	[REASON_INIT_MISSING] = "init-missing",
	[REASON_SPEC_INVALID] = "spec-invalid",
	[REASON_SPEC_TRUNCATED] = "spec-truncated",
	[REASON_SPEC_UNREADABLE] = "spec-unreadable",
	[REASON_STATE_INVALID] = "state-invalid",
	[REASON_STATE_UNREADABLE] = "state-unreadable",

	[REASON_PARSER_FAILED] = "parser-failed",
	[REASON_PARSER_REPLY] = "parser-reply",
	[REASON_PARSER_TIMEOUT] = "parser-timeout",

	[REASON_EDIT_FAILED] = "edit-failed",
	[REASON_KERNEL_LOSES_AT_EXEC] = "kernel-loses-at-exec",
	[REASON_KERNEL_NO_KSM] = "kernel-no-ksm",
	[REASON_KERNEL_NO_PRCTL] = "kernel-no-prctl",
	[REASON_PRELOAD_ARCHITECTURE] = "preload-architecture",
	[REASON_PRELOAD_ENVIRONMENT] = "preload-environment",
	[REASON_PRELOAD_FOREIGN_COPY] = "preload-foreign-copy",
	[REASON_PRELOAD_LIBRARY] = "preload-library",
	[REASON_PRELOAD_MISSING] = "preload-missing",
	[REASON_PRELOAD_MOUNTS] = "preload-mounts",
	[REASON_PRELOAD_OPTED_OUT] = "preload-opted-out",
	[REASON_PRELOAD_PROCESS] = "preload-process",
	[REASON_PRELOAD_RESTORED] = "preload-restored",
	[REASON_PRELOAD_SECCOMP_KILLS] = "preload-seccomp-kills",
	[REASON_PRELOAD_SECCOMP_REFUSES] = "preload-seccomp-refuses",
	[REASON_PRELOAD_STATIC] = "preload-static",
	[REASON_PRELOAD_SANITIZER] = "preload-sanitizer",
};

const char *reason_name(enum reason reason)
{
	return reason_names[(unsigned)reason < REASON_COUNT ? reason : REASON_NONE];
}
