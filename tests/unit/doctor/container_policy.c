/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as the configuration has them: would be merged, or are though a rule denies it. */
#include "doctor/container_policy.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "oci/config_load.h"

/* What an administrator has said; and what he has not, whatever else keeps a container back. */
static void reasons(void)
{
	static const enum reason denies[] = { REASON_DENIED_BY_RULE, REASON_DENIED_UNKNOWN,
					      REASON_NOT_ALLOWED, REASON_CONTAINERS_NONE };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(denies); i++)
		CHECK(container_policy_denies(denies[i]));
	for (int i = 0; i < REASON_COUNT; i++)
		n += container_policy_denies((enum reason)i);
	CHECK_INT(n, ARRAY_SIZE(denies));
}

/* A /etc and a /run of our own: a configuration on another file system, read anew each time. */
static bool set_up(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/etc", "tmpfs", 0, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, NULL) == 0 &&
	       mkdir("/etc/ksm-hook", 0755) == 0 && mkdir("/run/runc", 0755) == 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL);
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

/* runc's state of a container with these labels */
static void container(const char *id, const char *labels)
{
	char path[128], state[256];

	snprintf(path, sizeof(path), "/run/runc/%s", id);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/run/runc/%s/state.json", id);
	snprintf(state, sizeof(state), "{\"id\": \"%s\", \"config\": {\"labels\": [%s]}}", id,
		 labels);
	write_file(path, state);
}

static void judged(void)
{
	static const struct {
		const char *config;
		const char *would;   /* of asks, team, mine, silent, gone, host: y or - */
		const char *against; /* the same where all of them are mergeable */
		bool broken;
	} cases[] = {
		{ "", "------", "------", false },
		{ "{}", "------", "------", false },
		{ "{\"mode\": \"observe\"}", "yy----", "------", false },
		{ "{\"mode\": \"observe\", \"containers\": \"all\"}", "yy-y--", "------",
		  false },
		{ "{\"mode\": \"observe\", \"deny\": [{\"annotation\": \"team\", \"match\": "
		  "\"a\"}]}",
		  "y-----", "-y--y-", false },
		{ "{\"deny\": [{\"annotation\": \"team\", \"match\": \"a\"}]}", "------",
		  "-y--y-", false },
		{ "{\"deny\": [{\"namespace\": \"x\"}]}", "------", "yyyyy-", false },
		{ "{\"unknown\": \"allow\", \"deny\": [{\"namespace\": \"x\"}]}", "------",
		  "------", false },
		{ "{\"deny\": [{\"engine\": \"docker\"}]}", "------", "yyyyy-", false },
		{ "{\"allow\": [{\"annotation\": \"team\", \"match\": \"a\"}]}", "------",
		  "y---y-", false },
		{ "{\"containers\": \"none\"}", "------", "yyyyy-", false },
		/* nothing is judged by what is broken */
		{ "{\"deny\": [{\"namespace\": 7}], \"mode\": \"observe\"}", "------", "------",
		  true },
		{ "{\"containers\": \"none\"", "------", "------", true },
	};
	static const struct {
		const char *config;
		bool denied;
	} denied[] = { { "{\"containers\": \"none\"}", true },
		       { "{\"containers\": \"all\"}", false },
		       { "{\"containers\": \"none\"", false } };
	const struct container_name gone = { "runc", "gone" };
	struct decision d;
	static const char *const ids[] = { "asks", "team", "mine", "silent", "gone", "box" };
	struct container_stats stats[ARRAY_SIZE(ids)];
	char got[ARRAY_SIZE(ids) + 1] = "";
	struct snapshot stopped = { .n = 0 };

	if (!set_up())
		return;
	container("asks", "\"io.ksm.merge=true\"");
	container("team", "\"io.ksm.merge=true\", \"team=a\"");
	container("mine", "\"io.ksm.merge=false\"");
	container("silent", "");
	container("box", "\"io.ksm.merge=true\"");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool mergeable = i % 2;
		struct snapshot s = { .container = stats, .n = ARRAY_SIZE(ids) };
		const char *want = mergeable ? cases[i / 2].against : cases[i / 2].would;

		check_case = cases[i / 2].config;
		write_file("/etc/ksm-hook/config.json", cases[i / 2].config);
		for (size_t k = 0; k < ARRAY_SIZE(ids); k++) {
			stats[k] = (struct container_stats){ .processes = 1,
							     .mergeable = mergeable };
			snprintf(stats[k].name.id, sizeof(stats[k].name.id), "%s", ids[k]);
			snprintf(stats[k].name.engine, sizeof(stats[k].name.engine), "%s",
				 k == 5 ? "host" : "runc");
		}
		container_policy_judge(&s);
		CHECK_INT(s.config_broken, cases[i / 2].broken);
		CHECK(!s.stopped);
		for (size_t k = 0; k < ARRAY_SIZE(ids); k++) {
			bool other = mergeable ? stats[k].would : stats[k].against;

			got[k] = (mergeable ? stats[k].against : stats[k].would) ? 'y' : '-';
			CHECK(!other);
		}
		CHECK_TEXT(got, want);
	}
	/* of a container that has said nothing: by a configuration, and by one that cannot be used */
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++) {
		check_case = denied[i].config;
		write_file("/etc/ksm-hook/config.json", denied[i].config);
		config_forget();
		CHECK_INT(container_policy_denied(&gone, 0, NULL, "/etc/ksm-hook/config.json",
						  &d),
			  denied[i].denied);
	}
	check_case = "stopped";
	write_file("/etc/ksm-hook/stop", "");
	container_policy_judge(&stopped);
	CHECK(stopped.stopped);
}

int main(void)
{
	RUN(reasons);
	RUN(judged);
	return check_end();
}
