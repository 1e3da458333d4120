/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook enable and disable: the host's ksmd, tuned, kept over boots, put back. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/enable.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "ksmd/agents.h"
#include "ksmd/boost.h"
#include "ksmd/other_tuners.h"
#include "ksmd/persist.h"
#include "ksmd/settings.h"

/* ksmtuned writes run, pages_to_scan and sleep_millisecs every minute, whatever they are. */
static int check_no_other_tuner(struct error *err)
{
	struct other_tuner t;

	if (!other_tuner_find(&t))
		return 0;
	return err_reason(err, REASON_HOST_OTHER_TUNER,
			  err_set(err, EBUSY,
				  "%s (process %d), a KSM tuning daemon, would undo this "
				  "within a minute; "
				  "stop it first (%s)",
				  t.name, t.pid, t.stop));
}

/* What is there now, of what this kernel has. */
static int read_all_settings(struct ksmd_enabled *now, struct error *err)
{
	for (int k = 0; k < SETTINGS; k++) {
		struct setting_value *v = &now->setting[k];
		int r = setting_read(k, v->found, err);

		if (r == -ENOENT && k == SETTING_RUN)
			return err_set(err, ENOENT,
				       "this kernel has no KSM (CONFIG_KSM), or /sys is not "
				       "mounted");
		if (r < 0 && r != -ENOENT)
			return r;
		v->there = r == 0;
	}
	return 0;
}

static void print_setting(const struct ksmd_enabled *now, const struct ksmd_enabled *old,
			  const struct ksmd_enabled *next, enum ksmd_setting k)
{
	const char *is = now->setting[k].found, *set = next->setting[k].set;

	if (!now->setting[k].there)
		return;
	printf("%-16s %s", setting_name(k), is);
	if (strcmp(is, set) != 0)
		printf(" -> %s", set);
	else
		printf(" (as it was)");
	if (old->profile && strcmp(is, old->setting[k].set) != 0)
		printf(", changed by somebody since the last enable");
	else if (!old->profile && strcmp(is, setting_default(k)) != 0)
		printf(", which was not the kernel's default: disable puts it back");
	printf("\n");
}

/* Write what is to be set; where that fails, write back what has been written. */
static int write_settings(const struct ksmd_enabled *now, const struct ksmd_enabled *next,
			  struct error *err)
{
	struct error second;
	int k, r = 0;

	for (k = 0; k < SETTINGS && r == 0; k++) {
		if (next->setting[k].there &&
		    strcmp(now->setting[k].found, next->setting[k].set) != 0)
			r = setting_write(k, next->setting[k].set, err);
	}
	if (r == 0)
		return 0;
	while (--k >= 0) {
		if (next->setting[k].there &&
		    setting_write(k, now->setting[k].found, &second) < 0)
			log_error("and what was there cannot be put back: %s", second.msg);
	}
	return r;
}

/* What is remembered and what is set, together: both or none. */
static int apply_settings(int dir, const struct ksmd_enabled *now,
			  const struct ksmd_enabled *old, const struct ksmd_enabled *next,
			  bool persist, struct error *err)
{
	char before[PROFILE_TEXT];
	struct error second;
	int r;

	enabled_at_boot(before);
	r = persist ? enable_at_boot(next->profile->name, err) : 0;
	if (r == 0)
		r = ksmd_state_save(dir, next, err);
	if (r == 0) {
		r = write_settings(now, next, err);
		if (r == 0)
			return 0;
		if ((old->profile ? ksmd_state_save(dir, old, &second) :
				    ksmd_state_remove(dir, &second)) < 0)
			log_reason(LOG_LEVEL_ERROR, second.reason, "%s", second.msg);
	}
	if (persist && enable_at_boot(before, &second) < 0)
		log_reason(LOG_LEVEL_ERROR, second.reason, "%s", second.msg);
	return r;
}

static int enable_ksmd(int dir, const struct ksmd_profile *profile, bool persist, pid_t agent,
		       struct error *err)
{
	struct ksmd_enabled now = { 0 }, old, next;
	pid_t other = 0;
	bool was = false;
	int r;

	r = ksmd_state_load(dir, &old, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (agent && old.profile && !old.agents)
		return err_set(err, EEXIST, "ksm-hook enable was run on this node");
	next = old;
	next.profile = profile;
	r = check_no_other_tuner(err);
	if (!agent)
		next.agents = 0;
	else if (r == 0)
		r = ksmd_agents_add(&next, agent, &other, err);
	if (r == 0 && old.profile)
		r = boost_forbid(dir, &old, &was, err);
	if (r == 0)
		r = read_all_settings(&now, err);
	if (r < 0)
		return r;
	for (int k = 0; k < SETTINGS; k++) {
		struct setting_value *v = &next.setting[k];

		if (!old.profile)
			*v = now.setting[k];
		snprintf(v->set, sizeof(v->set), "%s", profile->value[k]);
	}
	/* stopped, then: to put 2 back would unmerge all, which has to be asked for */
	if (strcmp(next.setting[SETTING_RUN].found, "2") == 0)
		snprintf(next.setting[SETTING_RUN].found, SETTING_TEXT, "0");
	r = apply_settings(dir, &now, &old, &next, persist, err);
	if (r < 0) {
		struct error second;

		if (was && boost_allow(dir, &second) < 0)
			log_reason(LOG_LEVEL_ERROR, second.reason, "%s", second.msg);
		return r;
	}
	for (int k = 0; k < SETTINGS; k++)
		print_setting(&now, &old, &next, k);
	if (other)
		printf("process %d, another agent, had set it to profile %s: the last to end "
		       "sets it back\n",
		       other, old.profile->name);
	if (boost_allow(dir, err) < 0)
		log_warning("starts will not make ksmd faster: %s", err->msg);
	return 0;
}

static void print_at_boot(const struct ksmd_profile *profile)
{
	char name[PROFILE_TEXT];

	enabled_at_boot(name);
	if (!*name)
		printf("until the next boot; --persist keeps it\n");
	else if (strcmp(name, profile->name) == 0)
		printf("and at each boot\n");
	else
		printf("until the next boot, which enables profile %s\n", name);
}

struct enable_options {
	const char *profile;
	bool persist;
};

static const struct command_syntax enable_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Start ksmd, the kernel thread that merges, with settings that suit containers,\n"
		"and let it scan faster for a while after each start of a container. What was\n"
		"set before is stored, for ksm-hook disable.\n",
	.examples =
		"ksm-hook enable --persist\n"
		"ksm-hook enable --profile=gentle\n",
	.see_also = "ksm-hook-enable(8), ksm-hook(8)",
	.option = {
		OPTION_TEXT(struct enable_options, profile, "profile", "gentle|balanced|fast",
			    "how fast ksmd scans after a start: with at most 5, 18\n"
			    "or 60 % of one CPU. Default: balanced"),
		OPTION_FLAG(struct enable_options, persist, "persist",
			    "do so at each boot; by default the settings end with\n"
			    "the next one"),
		{ "" },
	},
};

int applet_enable(int argc, char **argv)
{
	struct enable_options o = { .profile = "balanced" };
	const struct ksmd_profile *profile;
	__cleanup(close_fd) int dir = -1;
	struct error err;
	int r;

	log_init("enable", false);
	r = options_parse(&enable_command, &argc, argv, &o, &err);
	if (r != 0)
		return options_exit("enable", r, &err);
	profile = ksmd_profile_find(o.profile);
	dir = ksmd_state_open(true, &err);
	if (dir < 0 || enable_ksmd(dir, profile, o.persist, 0, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "nothing was set: %s", err.msg);
		return 1;
	}
	printf("profile %s, ", profile->name);
	print_at_boot(profile);
	/* what is mergeable already has waited long enough */
	boost_start(false);
	return 0;
}

int enable_for_agent(const char *profile, pid_t agent, struct error *err)
{
	int r = ksmd_state_open(true, err);

	if (r >= 0)
		r = enable_ksmd(r, ksmd_profile_find(profile), false, agent, err);
	if (r == 0)
		boost_start(false);
	return r;
}
