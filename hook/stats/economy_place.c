/* SPDX-License-Identifier: Apache-2.0 */
/* Where the processes of a container are, whoever else is called by its name. */
#include "stats/economy_place.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containers/container_memory.h"
#include "containers/targets.h"
#include "kernel/ksm.h"
#include "kernel/watched.h"

struct place_sum {
	struct economy_figures f;
	bool unread;
};

static int add_process_of_place(pid_t pid, void *arg)
{
	struct place_sum *sum = arg;
	struct ksm_stat st;
	int r = ksm_stat_read(pid, &st);

	if (r == 0) {
		sum->f.scanned += st.rmap_items;
		sum->f.merged += st.merging_pages + st.zero_pages;
	} else if (r != -ESRCH) {
		sum->unread = true;
	}
	return 0;
}

static int sum_up_place(void *arg, void **data, size_t *size, struct error *err)
{
	struct place_sum *sum = calloc(1, sizeof(*sum));
	int r = sum ? target_for_each(arg, add_process_of_place, sum, err) :
		      err_set(err, ENOMEM, "out of memory");

	if (r < 0) {
		free(sum);
		return r;
	}
	*data = sum;
	*size = sizeof(*sum);
	return 0;
}

bool economy_place(const struct container_name *name, pid_t pid, struct memory_cgroup *out)
{
	return container_memory_cgroup(name, pid, out);
}

bool economy_place_figures(const struct memory_cgroup *place, struct economy_figures *out)
{
	struct target in = { .kind = TARGET_CGROUP,
			     .path = place->path,
			     .path_len = strlen(place->path) };
	struct target_set set = { &in, 1 };
	struct place_sum *sum;
	struct error ignored;
	size_t size;
	bool known = watched_run(sum_up_place, &set, (void **)&sum, &size, &ignored) == 0 &&
		     size == sizeof(*sum) && !sum->unread;

	if (known) {
		*out = sum->f;
		out->cost = out->scanned * KSM_ITEM_BYTES;
		out->saving = out->merged * sysconf(_SC_PAGESIZE);
	}
	free(sum);
	return known;
}

bool economy_place_costs_more(const struct memory_cgroup *place)
{
	struct economy_figures f;

	return economy_place_figures(place, &f) && economy_costs_clearly_more(f.cost, f.saving);
}
