/* SPDX-License-Identifier: Apache-2.0 */
/* ksmd's settings: profiles, reading and writing them, remembering what was found. */
#ifndef KSM_TUNE_H
#define KSM_TUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* In the order in which they are written; they are put back in the opposite one. */
enum knob {
	KNOB_ADVISOR, /* first: while it is on, pages_to_scan cannot be written */
	KNOB_SMART_SCAN,
	KNOB_ZERO_PAGES,
	KNOB_SLEEP,
	KNOB_PAGES,
	KNOB_RUN, /* last: nothing is merged before all is as it should be */
	KNOBS
};

#define KNOB_TEXT 24

struct profile_rate {
	int64_t first; /* pages_to_scan to begin with */
	int64_t most; /* and at most: where ksmd finds nothing to do, its share tells nothing */
	int64_t percent; /* of one CPU that ksmd may have */
};

struct tune_profile {
	const char *name;
	const char *value[KNOBS];
	struct profile_rate burst;
};

/* NULL where there is none of this name. */
const struct tune_profile *tune_profile(const char *name);

struct knob_value {
	bool there; /* this kernel has it */
	char found[KNOB_TEXT], set[KNOB_TEXT];
};

/* What enable did. */
struct tuning {
	const struct tune_profile *profile;
	struct knob_value knob[KNOBS];
};

const char *tune_name(enum knob knob);

/* The kernel's default; NULL where it has none that counts. */
const char *tune_default(enum knob knob);

/* 0; -ENOENT where this kernel has no such file. */
int tune_get(enum knob knob, char value[KNOB_TEXT], struct error *err);
int tune_put(enum knob knob, const char *value, struct error *err);

/*
 * The directory for what is remembered in this boot. To change something: made where it is not
 * there, and locked against another enable or disable until this process ends. A descriptor or
 * -errno.
 */
int tune_open_dir(bool change, struct error *err);

/* What enable did; -ENOENT where it was not run since the boot, or was taken back. */
int tune_load(int dir, struct tuning *t, struct error *err);
int tune_save(int dir, const struct tuning *t, struct error *err);
int tune_forget(int dir, struct error *err);

/* The rate at rest that enable set; false where it is not in effect in this boot. */
bool ksmd_enabled_rate(int64_t *pages_to_scan, int64_t *sleep_ms);

#endif
