/* SPDX-License-Identifier: Apache-2.0 */
/* ksmd's settings: reading and writing them, remembering what was found. */
#ifndef KSM_SETTINGS_H
#define KSM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "ksmd/profiles.h"

#define SETTING_TEXT 24

struct setting_value {
	bool there; /* this kernel has it */
	char found[SETTING_TEXT], set[SETTING_TEXT];
};

/* An agent of the node: its process id, and its start time in clock ticks, as ids are used again. */
struct ksmd_agent {
	pid_t pid;
	uint64_t start;
};

/* A node has one for each of its runtimes, and while it is updated two. */
#define KSMD_AGENTS_MAX 8

/* What enable did. */
struct ksmd_enabled {
	const struct ksmd_profile *profile;
	/* for whom: the last of these to end puts all back; an administrator where there is none */
	struct ksmd_agent agent[KSMD_AGENTS_MAX];
	size_t agents;
	struct setting_value setting[SETTINGS];
};

const char *setting_name(enum ksmd_setting setting);

/* The kernel's default; NULL where it has none that counts. */
const char *setting_default(enum ksmd_setting setting);

/* 0; -ENOENT where this kernel has no such file. */
int setting_read(enum ksmd_setting setting, char value[SETTING_TEXT], struct error *err);
int setting_write(enum ksmd_setting setting, const char *value, struct error *err);

/*
 * The directory for what is remembered in this boot. To change something: made where it is not
 * there, and locked against another enable or disable until this process ends. A descriptor or
 * -errno.
 */
int ksmd_state_open(bool change, struct error *err);

/* What enable did; -ENOENT where it was not run since the boot, or was undone. */
int ksmd_state_load(int dir, struct ksmd_enabled *t, struct error *err);
int ksmd_state_save(int dir, const struct ksmd_enabled *t, struct error *err);
int ksmd_state_remove(int dir, struct error *err);

#endif
