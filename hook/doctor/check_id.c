/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of doctor's checks: they stand in its output and in JSON, and never change. */
#include "doctor/check_id.h"

static const char *const id_names[CHECK_IDS] = {
	[ID_KERNEL_KSM] = "kernel-ksm",
	[ID_KERNEL_PRCTL] = "kernel-prctl",
	[ID_KERNEL_EXEC] = "kernel-exec",
	[ID_YAMA] = "yama",
	[ID_SELINUX] = "selinux",
	[ID_ROOT] = "root",
	[ID_KSMD_RUN] = "ksmd-run",
	[ID_KSMD_SPEED] = "ksmd-speed",
	[ID_KSMD_ADVISOR] = "ksmd-advisor",
	[ID_KSMD_TUNER] = "ksmd-tuner",
	[ID_HUGE_PAGES] = "huge-pages",
	[ID_CONFIG] = "config",
	[ID_CONFIG_CONTAINERS] = "config-containers",
	[ID_CONFIG_RULES] = "config-rules",
	[ID_CONFIG_UNKNOWN] = "config-unknown",
	[ID_STOPPED] = "stopped",
	[ID_LIBRARY] = "library",
	[ID_RUN_SPACE] = "run-space",
	[ID_RUNTIME] = "runtime",
	[ID_HOOK_REGISTERED] = "hook-registered",
	[ID_HOOK_FILE] = "hook-file",
	[ID_HOOK_JSON] = "hook-json",
	[ID_HOOK_CONDITION] = "hook-condition",
	[ID_HOOK_STAGES] = "hook-stages",
	[ID_HOOK_TIMEOUT] = "hook-timeout",
	[ID_HOOK_PROGRAM] = "hook-program",
	[ID_WRAPPER] = "wrapper",
	[ID_DOCKER_CONFIG] = "docker-config",
	[ID_DOCKER_RUNTIME] = "docker-runtime",
	[ID_CONTAINERD_CONFIG] = "containerd-config",
	[ID_CONTAINERD_RUNTIME] = "containerd-runtime",
	[ID_CONTAINERD_ANNOTATIONS] = "containerd-annotations",
	[ID_LXC_HOOK] = "lxc-hook",
	[ID_OPENVZ_SCRIPT] = "openvz-script",
	[ID_CONTAINERS] = "containers",
	[ID_CONTAINER_ASKED] = "container-asked",
	[ID_CONTAINER_SCANNED] = "container-scanned",
	[ID_CONTAINER_PARTLY] = "container-partly",
	[ID_CONTAINER_DENIED] = "container-denied",
	[ID_CONTAINER_AGAINST_RULES] = "container-against-rules",
	[ID_CONTAINER_ANNOTATION] = "container-annotation",
	[ID_CONTAINER_SECCOMP] = "container-seccomp",
	[ID_CONTAINER_EQUAL] = "container-equal",
	[ID_CONTAINER_COST] = "container-cost",
	[ID_CONTAINER_LAYOUT] = "container-layout",
	[ID_CONTAINER_HUGE_PAGES] = "container-huge-pages",
};

const char *check_id_name(enum check_id id)
{
	return id_names[id];
}
