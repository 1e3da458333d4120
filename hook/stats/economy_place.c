/* SPDX-License-Identifier: Apache-2.0 */
/* Where the processes of a container are, whoever else is called by its name. */
#include "stats/economy_place.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "containers/container_memory.h"
#include "containers/targets.h"
#include "kernel/ksm.h"
#include "stats/economy.h"

struct place_sum {
	int64_t cost, saving;
	bool unread;
};

static int add_process_of_place(pid_t pid, void *arg)
{
	struct place_sum *sum = arg;
	struct ksm_stat st;
	int r = ksm_stat_read(pid, &st);

	if (r == 0) {
		sum->cost += st.rmap_items * KSM_ITEM_BYTES;
		sum->saving += (st.merging_pages + st.zero_pages) * sysconf(_SC_PAGESIZE);
	} else if (r != -ESRCH) {
		sum->unread = true;
	}
	return 0;
}

bool economy_place(const struct container_name *name, pid_t pid, struct memory_cgroup *out)
{
	return container_memory_cgroup(name, pid, out);
}

bool economy_place_costs_more(const struct memory_cgroup *place)
{
	struct target in = { .kind = TARGET_CGROUP,
			     .path = place->path,
			     .path_len = strlen(place->path) };
	const struct target_set set = { &in, 1 };
	struct place_sum sum = { 0 };
	struct error ignored;

	return target_for_each(&set, add_process_of_place, &sum, &ignored) == 0 &&
	       !sum.unread && economy_costs_clearly_more(sum.cost, sum.saving);
}
