/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: could what is merged be given back, and does a sparse address space hold ksmd up? */
#include "doctor/container_memory_checks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/ksmd_counters.h"
#include "kernel/ksm.h"
#include "kernel/memory_headroom.h"

/*
 * Without f5548c318d6e (October 2025; Linux 6.18, and backported) ksmd looks at every page of a
 * mapping that is not there, at some 50 ns each: 3 s for this many.
 */
#define SPARSE_PAGES ((int64_t)256 << 18) /* 256 GiB of 4 KiB */
#define SPARSE_RATIO 1000

/* Between two looks at what ksmd has scanned: many times its sleep with any profile. */
#define STUCK_MS 1000

void check_host_headroom(struct doctor *d)
{
	int64_t page = sysconf(_SC_PAGESIZE), available = room_available();
	int64_t zero = ksmd_counter("ksm_zero_pages");
	int64_t need = (ksmd_counter("pages_sharing") + (zero > 0 ? zero : 0)) * page;
	char a[16], b[16];

	if (available < 0 || need <= available)
		return;
	finding_add(d, FINDING_WARNING, ID_HEADROOM,
		    "programs may write to all of it at any time, and nobody asks then; merge "
		    "fewer containers, or see memory-accounting.md",
		    "merging saves %s, and the machine has %s for copies",
		    format_bytes(a, sizeof(a), need), format_bytes(b, sizeof(b), available));
}

void container_limit_check(struct doctor *d, const struct container_summary *c,
			   const char *name)
{
	struct room_need need = { c->pid, (c->merged + (c->zero > 0 ? c->zero : 0)) *
						  sysconf(_SC_PAGESIZE) };
	struct error err = { "" };
	int64_t available = room_available();

	/* the machine has a finding of its own */
	if (available >= 0 && need.bytes > available)
		return;
	if (room_check(&need, 1, &err) != -ENOMEM || err.reason != REASON_HOST_HEADROOM)
		return;
	finding_add(d, FINDING_WARNING, ID_CONTAINER_LIMIT,
		    "when it writes to its merged pages, copies are charged to it, and the OOM "
		    "killer ends it; give it a limit that it could run under without merging",
		    "%s: %s", name, err.msg);
}

bool is_sparse(int64_t address_space, int64_t anonymous)
{
	return address_space >= SPARSE_PAGES && address_space / SPARSE_RATIO >= anonymous;
}

static enum ksmd_progress look_at_ksmd(void)
{
	const struct timespec pause = { STUCK_MS / 1000, STUCK_MS % 1000 * 1000000L };
	int64_t before = ksmd_counter("pages_scanned"), scans = ksmd_counter("full_scans");

	nanosleep(&pause, NULL);
	return ksmd_counter("pages_scanned") == before && ksmd_counter("full_scans") == scans ?
		       KSMD_STUCK :
		       KSMD_SCANS;
}

void container_sparse_check(struct doctor *d, const struct container_summary *c,
			    const char *name, enum ksmd_progress *progress)
{
	char size[16];
	struct finding *f;

	if (!is_sparse(c->sparse_pages, c->sparse_anonymous))
		return;
	if (*progress == KSMD_NOT_LOOKED_AT)
		*progress = look_at_ksmd();
	if (*progress != KSMD_STUCK)
		return;
	f = finding_add(
		d, FINDING_WARNING, ID_CONTAINER_SPARSE,
		"kernels without a fix of October 2025 have ksmd look at every page that is "
		"not there, and until it is through it merges nothing of anybody's; "
		"max_sparse of ksm-hook.conf(5) bounds it; io.ksm.merge=false keeps a hook "
		"from making the next one mergeable, not a "
		"program that calls prctl itself",
		"%s: process %d is mergeable, has %s of address space, nearly all of it holes, "
		"and ksmd gets nowhere",
		name, c->sparse_pid,
		format_bytes(size, sizeof(size), c->sparse_pages * sysconf(_SC_PAGESIZE)));
	finding_fix(f, "kill %d", c->sparse_pid);
}
