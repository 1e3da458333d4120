/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook enable and disable: the host's ksmd, tuned, kept over boots, put back. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "kernel/ksm.h"
#include "kernel/memory_headroom.h"
#include "kernel/proc.h"
#include "ksmd/boost.h"
#include "ksmd/other_tuners.h"
#include "ksmd/persist.h"
#include "ksmd/settings.h"

/* ksmtuned writes run, pages_to_scan and sleep_millisecs every minute, whatever they are. */
static int check_alone(struct error *err)
{
	pid_t pid;
	const char *name = tuner_find(&pid);

	if (!name)
		return 0;
	return err_set(err, EBUSY,
		       "%s (process %d) drives ksmd and would undo this within a minute; stop "
		       "it first (systemctl disable --now %s)",
		       name, pid, name);
}

/* What is there now, of what this kernel has. */
static int read_all_knobs(struct tuning *now, struct error *err)
{
	for (int k = 0; k < KNOBS; k++) {
		struct knob_value *v = &now->knob[k];
		int r = tune_get(k, v->found, err);

		if (r == -ENOENT && k == KNOB_RUN)
			return err_set(err, ENOENT,
				       "this kernel has no KSM (CONFIG_KSM), or /sys is not "
				       "mounted");
		if (r < 0 && r != -ENOENT)
			return r;
		v->there = r == 0;
	}
	return 0;
}

static void say(const struct tuning *now, const struct tuning *old, const struct tuning *next,
		enum knob k)
{
	const char *is = now->knob[k].found, *set = next->knob[k].set;

	if (!now->knob[k].there)
		return;
	printf("%-16s %s", tune_name(k), is);
	if (strcmp(is, set) != 0)
		printf(" -> %s", set);
	else
		printf(" (as it was)");
	if (old->profile && strcmp(is, old->knob[k].set) != 0)
		printf(", changed by somebody since the last enable");
	else if (!old->profile && strcmp(is, tune_default(k)) != 0)
		printf(", which was not the kernel's default: disable puts it back");
	printf("\n");
}

/* Write what is to be set; where that fails, write back what has been written. */
static int write_knobs(const struct tuning *now, const struct tuning *next, struct error *err)
{
	struct error second;
	int k, r = 0;

	for (k = 0; k < KNOBS && r == 0; k++) {
		if (next->knob[k].there && strcmp(now->knob[k].found, next->knob[k].set) != 0)
			r = tune_put(k, next->knob[k].set, err);
	}
	if (r == 0)
		return 0;
	while (--k >= 0) {
		if (next->knob[k].there && tune_put(k, now->knob[k].found, &second) < 0)
			log_error("and what was there cannot be put back: %s", second.msg);
	}
	return r;
}

/* What is remembered and what is set, together: both or none. */
static int apply(int dir, const struct tuning *now, const struct tuning *old,
		 const struct tuning *next, bool persist, struct error *err)
{
	char before[PERSIST_TEXT];
	struct error second;
	int r;

	persist_get(before);
	r = persist ? persist_set(next->profile->name, err) : 0;
	if (r == 0)
		r = tune_save(dir, next, err);
	if (r == 0) {
		r = write_knobs(now, next, err);
		if (r == 0)
			return 0;
		if ((old->profile ? tune_save(dir, old, &second) : tune_forget(dir, &second)) <
		    0)
			log_error("%s", second.msg);
	}
	if (persist && persist_set(before, &second) < 0)
		log_error("%s", second.msg);
	return r;
}

static int enable(int dir, const struct tune_profile *profile, bool persist, struct error *err)
{
	struct tuning now = { 0 }, old, next;
	bool was = false;
	int r;

	r = tune_load(dir, &old, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = check_alone(err);
	if (r == 0 && old.profile)
		r = burst_forbid(dir, &old, &was, err);
	if (r == 0)
		r = read_all_knobs(&now, err);
	if (r < 0)
		return r;
	next = old;
	next.profile = profile;
	for (int k = 0; k < KNOBS; k++) {
		struct knob_value *v = &next.knob[k];

		if (!old.profile)
			*v = now.knob[k];
		snprintf(v->set, sizeof(v->set), "%s", profile->value[k]);
	}
	/* stopped, then: to put 2 back would un-merge all, which has to be asked for */
	if (strcmp(next.knob[KNOB_RUN].found, "2") == 0)
		snprintf(next.knob[KNOB_RUN].found, KNOB_TEXT, "0");
	r = apply(dir, &now, &old, &next, persist, err);
	if (r < 0) {
		struct error second;

		if (was && burst_allow(dir, &second) < 0)
			log_error("%s", second.msg);
		return r;
	}
	for (int k = 0; k < KNOBS; k++)
		say(&now, &old, &next, k);
	if (burst_allow(dir, err) < 0)
		log_warning("starts will not make ksmd faster: %s", err->msg);
	return 0;
}

static void say_persisted(const struct tune_profile *profile)
{
	char name[PERSIST_TEXT];

	persist_get(name);
	if (!*name)
		printf("until the next boot; --persist keeps it\n");
	else if (strcmp(name, profile->name) == 0)
		printf("and at each boot\n");
	else
		printf("until the next boot, which enables profile %s\n", name);
}

int applet_enable(int argc, char **argv)
{
	static const struct option longopts[] = { { "profile", required_argument, NULL, 'p' },
						  { "persist", no_argument, NULL, 'k' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	const struct tune_profile *profile = tune_profile("balanced");
	__cleanup(close_fd) int dir = -1;
	bool persist = false;
	struct error err;
	int c;

	log_init("enable", false);
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'p':
			profile = tune_profile(optarg);
			if (!profile) {
				log_error("--profile is gentle, balanced or fast, not \"%s\"",
					  optarg);
				return 2;
			}
			break;
		case 'k':
			persist = true;
			break;
		case 'h':
			applet_usage(argv[0]);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		log_error("unexpected argument \"%s\"", argv[optind]);
		return 2;
	}
	dir = tune_open_dir(true, &err);
	if (dir < 0 || enable(dir, profile, persist, &err) < 0) {
		log_error("nothing was set: %s", err.msg);
		return 1;
	}
	printf("profile %s, ", profile->name);
	say_persisted(profile);
	/* what is mergeable already has waited long enough */
	burst_start(false);
	return 0;
}

/* As if each place that uses a merged page needed a copy: see detach. */
static int check_room(struct error *err)
{
	DIR *dir = opendir("/proc");
	struct room_need *need = NULL;
	size_t n = 0, room = 0;
	struct ksm_stat st;
	pid_t pid;
	int r = 0;

	while (dir && r == 0 && (pid = proc_next(dir)) > 0) {
		if (ksm_stat_read(pid, &st) < 0 || st.merging_pages + st.zero_pages <= 0)
			continue;
		if (n == room) {
			void *more = realloc(need, (room = room * 2 + 64) * sizeof(*need));

			if (!more) {
				r = err_set(err, ENOMEM, "out of memory");
				break;
			}
			need = more;
		}
		need[n++] = (struct room_need){ pid, (st.merging_pages + st.zero_pages) *
							     sysconf(_SC_PAGESIZE) };
	}
	if (dir)
		closedir(dir);
	if (r == 0)
		r = room_check(need, n, err);
	free(need);
	return r;
}

/* What is no longer what enable set is somebody else's. */
static int put_back(const struct tuning *t, enum knob k, struct error *err)
{
	const struct knob_value *v = &t->knob[k];
	char now[KNOB_TEXT];
	int r;

	if (!v->there)
		return 0;
	r = tune_get(k, now, err);
	if (r < 0)
		return r;
	if (strcmp(now, v->found) == 0)
		return 0;
	if (strcmp(now, v->set) != 0) {
		printf("%-16s %s, left alone: enable had set %s\n", tune_name(k), now, v->set);
		return 0;
	}
	r = tune_put(k, v->found, err);
	if (r == 0)
		printf("%-16s %s -> %s\n", tune_name(k), now, v->found);
	return r;
}

static int unmerge(struct error *err)
{
	int r = tune_put(KNOB_RUN, "2", err);

	if (r == 0)
		r = tune_put(KNOB_RUN, "0", err);
	if (r == 0)
		printf("%-16s 2, then 0: nothing is merged now\n", tune_name(KNOB_RUN));
	return r;
}

static int disable(int dir, bool do_unmerge, bool force, struct error *err)
{
	char persisted[PERSIST_TEXT];
	struct tuning t;
	bool was;
	int r = tune_load(dir, &t, err);
	bool enabled = r == 0;

	if (r == -ENOENT)
		r = 0;
	if (r == 0 && do_unmerge && !force)
		r = check_room(err);
	if (r < 0)
		return r;
	persist_get(persisted);
	r = persist_set("", err);
	if (r == 0 && *persisted)
		printf("no longer at each boot\n");
	if (r == 0 && enabled)
		r = burst_forbid(dir, &t, &was, err);
	if (r == 0 && do_unmerge)
		r = unmerge(err);
	for (int k = KNOBS - 1; r == 0 && enabled && k >= 0; k--) {
		if (k != KNOB_RUN || !do_unmerge)
			r = put_back(&t, k, err);
	}
	if (r == 0 && !enabled)
		printf("enable was not run since the boot: there is nothing to put back\n");
	return r < 0 || !enabled ? r : tune_forget(dir, err);
}

int applet_disable(int argc, char **argv)
{
	static const struct option longopts[] = { { "unmerge", no_argument, NULL, 'u' },
						  { "force", no_argument, NULL, 'f' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	__cleanup(close_fd) int dir = -1;
	bool do_unmerge = false, force = false;
	struct error err;
	int c;

	log_init("disable", false);
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'u':
			do_unmerge = true;
			break;
		case 'f':
			force = true;
			break;
		case 'h':
			applet_usage(argv[0]);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc || (force && !do_unmerge)) {
		log_error(optind < argc ? "unexpected argument \"%s\"" :
					  "--force goes with --unmerge only",
			  argv[optind]);
		return 2;
	}
	dir = tune_open_dir(true, &err);
	if (dir < 0 || disable(dir, do_unmerge, force, &err) < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	return 0;
}
