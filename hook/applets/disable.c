/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook disable: the host's ksmd, put back. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/disable.h"
#include "applets/nri_features.h"
#include "applets/unreadable.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "kernel/ksm.h"
#include "kernel/memory_headroom.h"
#include "kernel/proc.h"
#include "kernel/same_memory.h"
#include "kernel/watched.h"
#include "ksmd/agents.h"
#include "ksmd/boost.h"
#include "ksmd/persist.h"
#include "ksmd/settings.h"

/* What unmerging needs, at most: as if each mapping that uses a merged page needed a copy. */
struct unmerge_need {
	struct room_need *process;
	size_t n, capacity;
};

/* 1: out of memory */
static int add_need(pid_t pid, void *arg)
{
	struct unmerge_need *need = arg;
	struct ksm_stat st;
	int64_t pages;

	if (ksm_stat_read(pid, &st) < 0)
		return 0;
	pages = st.merging_pages + st.zero_pages;
	if (pages <= 0)
		return 0;
	if (need->n == need->capacity) {
		size_t more = need->capacity * 2 + 64;
		void *p = realloc(need->process, more * sizeof(*need->process));

		if (!p)
			return 1;
		need->process = p;
		need->capacity = more;
	}
	need->process[need->n++] = (struct room_need){ pid, pages * sysconf(_SC_PAGESIZE) };
	return 0;
}

static void unmerged_with_another(void *arg, size_t i)
{
	struct unmerge_need *need = arg;

	need->process[i].bytes = 0;
}

/* 1: out of memory */
static int count_needs_once(struct unmerge_need *need)
{
	struct memory_user *u = calloc(need->n ? need->n : 1, sizeof(*u));
	int r;

	for (size_t i = 0; u && i < need->n; i++)
		u[i] = (struct memory_user){ .task = need->process[i].pid,
					     .group = watched_group(need->process[i].pid),
					     .index = i };
	r = u && same_memory_find(u, need->n, unmerged_with_another, need) == 0 ? 0 : 1;
	free(u);
	return r;
}

/* In a child (kernel/watched.h); its answer is what each process needs. */
static int list_needs(void *arg, void **data, size_t *size, struct error *err)
{
	struct unmerge_need *need = arg;
	int r = proc_for_each(add_need, need);

	if (r == 0)
		r = count_needs_once(need);
	if (r > 0)
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0)
		return err_errno(err, -r, "/proc");
	*data = need->process;
	*size = need->n * sizeof(*need->process);
	return 0;
}

static int check_capacity(struct error *err)
{
	struct unmerge_need need = { 0 };
	size_t size;
	void *list;
	int r = watched_run(list_needs, &need, &list, &size, err);

	if (r == 0)
		r = room_check_or_force(list, size / sizeof(*need.process), err);
	free(list);
	unreadable_log();
	return r;
}

/* What is no longer what enable set is somebody else's. */
static int restore_setting(const struct ksmd_enabled *t, enum ksmd_setting k, struct error *err)
{
	const struct setting_value *v = &t->setting[k];
	char now[SETTING_TEXT];
	int r;

	if (!v->there)
		return 0;
	r = setting_read(k, now, err);
	if (r < 0)
		return r;
	if (strcmp(now, v->found) == 0)
		return 0;
	if (strcmp(now, v->set) != 0) {
		printf("%-16s %s, left alone: enable had set %s\n", setting_name(k), now,
		       v->set);
		return 0;
	}
	r = setting_write(k, v->found, err);
	if (r == 0)
		printf("%-16s %s -> %s\n", setting_name(k), now, v->found);
	return r;
}

static int unmerge_all(struct error *err)
{
	int r = setting_write(SETTING_RUN, "2", err);

	if (r == 0)
		r = setting_write(SETTING_RUN, "0", err);
	if (r == 0)
		printf("%-16s 2, then 0: nothing is merged now\n", setting_name(SETTING_RUN));
	return r;
}

static int disable_ksmd(int dir, bool do_unmerge, bool force, struct error *err)
{
	char persisted[PROFILE_TEXT];
	struct ksmd_enabled t;
	bool was;
	int r = ksmd_state_load(dir, &t, err);
	bool enabled = r == 0;

	if (r == -ENOENT)
		r = 0;
	if (r == 0 && do_unmerge && !force)
		r = check_capacity(err);
	if (r < 0)
		return r;
	enabled_at_boot(persisted);
	r = enable_at_boot("", err);
	if (r == 0 && *persisted)
		printf("no longer at each boot\n");
	if (r == 0 && enabled)
		r = boost_forbid(dir, &t, &was, err);
	if (r == 0 && do_unmerge)
		r = unmerge_all(err);
	for (int k = SETTINGS - 1; r == 0 && enabled && k >= 0; k--) {
		if (k != SETTING_RUN || !do_unmerge)
			r = restore_setting(&t, k, err);
	}
	if (r == 0 && !enabled)
		printf("enable was not run since the boot: there is nothing to put back\n");
	return r < 0 || !enabled ? r : ksmd_state_remove(dir, err);
}

struct disable_options {
	bool unmerge, force;
};

static const struct command_syntax disable_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Set ksmd back to what ksm-hook enable found, at the next boot as well. A\n"
		"setting that somebody else changed since is left alone. What is merged stays\n"
		"merged.\n",
	.examples =
		"ksm-hook disable\n"
		"ksm-hook disable --unmerge\n",
	.see_also = "ksm-hook-enable(8), ksm-hook(8)",
	.option = {
		OPTION_FLAG(struct disable_options, unmerge, "unmerge",
			    "stop ksmd and unmerge all memory; refused where there\n"
			    "is not enough memory for the copies"),
		OPTION_FLAG(struct disable_options, force, "force",
			    "with --unmerge: do not check whether there is memory"),
		{ "" },
	},
};

int applet_disable(int argc, char **argv)
{
	struct disable_options o = { 0 };
	__cleanup(close_fd) int dir = -1;
	struct error err;
	int r;

	log_init("disable", false);
	r = options_parse(&disable_command, &argc, argv, &o, &err);
	if (r == 0 && o.force && !o.unmerge)
		r = err_set(&err, EINVAL, "--force is for --unmerge only");
	if (r != 0)
		return options_exit("disable", r, &err);
	dir = ksmd_state_open(true, &err);
	if (dir < 0 || disable_ksmd(dir, o.unmerge, o.force, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		return 1;
	}
	r = nri_features_forget(&err);
	if (r < 0)
		log_warning("labels of this node stay until they expire: %s", err.msg);
	if (r > 0)
		printf("no longer labelled by Node Feature Discovery: the agent was killed\n");
	return 0;
}

int disable_for_agent(pid_t agent, struct error *err)
{
	struct ksmd_enabled t;
	pid_t other;
	bool was;
	int dir = ksmd_state_open(true, err);
	int r = dir < 0 ? dir : ksmd_state_load(dir, &t, err);

	/* undone already, or an administrator's by now */
	if (r == -ENOENT || (r == 0 && !ksmd_agents_remove(&t, agent, &other)))
		return 0;
	if (r == 0 && other) {
		printf("ksmd is left as it is: process %d, another agent, still runs\n", other);
		return ksmd_state_save(dir, &t, err);
	}
	if (r == 0)
		r = boost_forbid(dir, &t, &was, err);
	for (int k = SETTINGS - 1; r == 0 && k >= 0; k--)
		r = restore_setting(&t, k, err);
	return r < 0 ? r : ksmd_state_remove(dir, err);
}
