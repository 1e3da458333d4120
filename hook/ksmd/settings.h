/* SPDX-License-Identifier: Apache-2.0 */
/* ksmd's settings: profiles, reading and writing them, remembering what was found. */
#ifndef KSM_KSMD_SETTINGS_H
#define KSM_KSMD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* In the order in which they are written; they are put back in the opposite one. */
enum ksmd_setting {
	SETTING_ADVISOR, /* first: while it is on, pages_to_scan cannot be written */
	SETTING_SMART_SCAN,
	SETTING_ZERO_PAGES,
	SETTING_SLEEP,
	SETTING_PAGES,
	SETTING_RUN, /* last: nothing is merged before all is as it should be */
	SETTINGS
};

#define SETTING_TEXT 24

struct profile_rate {
	int64_t first; /* pages_to_scan to begin with */
	int64_t most; /* and at most: where ksmd finds nothing to do, its share tells nothing */
	int64_t percent; /* of one CPU that ksmd may have */
};

struct ksmd_profile {
	const char *name;
	const char *value[SETTINGS];
	struct profile_rate boost;
};

/* NULL where there is none of this name. */
const struct ksmd_profile *ksmd_profile_find(const char *name);

struct setting_value {
	bool there; /* this kernel has it */
	char found[SETTING_TEXT], set[SETTING_TEXT];
};

/* What enable did. */
struct ksmd_enabled {
	const struct ksmd_profile *profile;
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
