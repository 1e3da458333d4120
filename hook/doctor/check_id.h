/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of doctor's checks: they stand in its output and in JSON, and never change. */
#ifndef KSM_CHECK_ID_H
#define KSM_CHECK_ID_H

/* A new one needs its name in check_id.c and a paragraph in ksm-hook-doctor(8). */
enum check_id {
	/* the kernel */
	ID_KERNEL_KSM,
	ID_KERNEL_PRCTL,
	ID_KERNEL_EXEC,

	/* who runs it, and security modules */
	ID_YAMA,
	ID_SELINUX,
	ID_ROOT,

	/* ksmd */
	ID_KSMD_RUN,
	ID_KSMD_SPEED,
	ID_KSMD_ADVISOR,
	ID_KSMD_TUNER,
	ID_HUGE_PAGES,

	/* what is installed of ours */
	ID_CONFIG,
	ID_CONFIG_CONTAINERS,
	ID_CONFIG_RULES,
	ID_CONFIG_UNKNOWN,
	ID_STOPPED,
	ID_LIBRARY,
	ID_RUN_SPACE,
	ID_RUNTIME,

	/* engines */
	ID_HOOK_REGISTERED,
	ID_HOOK_FILE,
	ID_HOOK_JSON,
	ID_HOOK_CONDITION,
	ID_HOOK_STAGES,
	ID_HOOK_TIMEOUT,
	ID_HOOK_PROGRAM,
	ID_WRAPPER,
	ID_DOCKER_CONFIG,
	ID_DOCKER_RUNTIME,
	ID_CONTAINERD_CONFIG,
	ID_CONTAINERD_RUNTIME,
	ID_CONTAINERD_ANNOTATIONS,
	ID_LXC_HOOK,
	ID_OPENVZ_SCRIPT,

	/* containers */
	ID_CONTAINERS,
	ID_CONTAINER_ASKED,
	ID_CONTAINER_SCANNED,
	ID_CONTAINER_PARTLY,
	ID_CONTAINER_DENIED,
	ID_CONTAINER_AGAINST_RULES,
	ID_CONTAINER_ANNOTATION,
	ID_CONTAINER_SECCOMP,
	ID_CONTAINER_EQUAL,
	ID_CONTAINER_COST,
	ID_CONTAINER_LAYOUT,
	ID_CONTAINER_HUGE_PAGES,

	CHECK_IDS
};

/* "kernel-ksm" */
const char *check_id_name(enum check_id id);

#endif
