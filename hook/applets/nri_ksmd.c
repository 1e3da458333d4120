/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --profile: ksmd runs as long as the agent does. */
#include "applets/nri_ksmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/disable.h"
#include "applets/enable.h"
#include "base/child.h"
#include "base/io.h"
#include "base/log.h"
#include "kernel/proc.h"
#include "ksmd/settings.h"

/* In a process of its own, as the lock of what is remembered is kept until that ends. */
static void in_child(int (*fn)(const char *profile, pid_t agent, struct error *err),
		     const char *profile, const char *otherwise)
{
	struct error err;
	pid_t agent = getpid(), pid = fork();
	int r;

	if (pid == 0) {
		/* what is set is news for the log */
		r = dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ?
			    err_errno(&err, errno, "standard error") :
			    fn(profile, agent, &err);
		if (r < 0)
			log_reason(LOG_LEVEL_WARNING, err.reason, "%s: %s", otherwise, err.msg);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0)
		log_warning("%s: fork: %s", otherwise, strerror(errno));
	else
		(void)child_wait(pid, NULL);
}

static int give_back(const char *profile, pid_t agent, struct error *err)
{
	(void)profile;
	return disable_for_agent(agent, err);
}

void nri_ksmd_take(const char *profile)
{
	/* what is seen here is no node: another tuning daemon would not be */
	if (!proc_shows_all())
		return log_warning("ksmd is left as it is: --profile needs the host's pid "
				   "namespace; ksm-hook enable on the node starts it");
	in_child(enable_for_agent, profile, "ksmd is left as it is");
}

void nri_ksmd_give_back(void)
{
	in_child(give_back, NULL, "ksmd is not set back (ksm-hook disable does that)");
}

const char *nri_ksmd_wrong(void)
{
	static char text[120];
	__cleanup(close_fd) int dir = -1;
	char now[SETTING_TEXT];
	struct ksmd_enabled t;
	struct error err;

	if (setting_read(SETTING_RUN, now, &err) < 0)
		return "this kernel has no KSM";
	if (strcmp(now, "1") != 0)
		return "ksmd does not run: ksm-hook enable on the node starts it, or --profile";
	dir = ksmd_state_open(false, &err);
	if (dir < 0 || ksmd_state_load(dir, &t, &err) < 0)
		return NULL;
	for (int k = 0; k < SETTINGS; k++) {
		/* a boost changes it */
		if (k == SETTING_PAGES || !t.setting[k].there ||
		    setting_read(k, now, &err) < 0 || strcmp(now, t.setting[k].set) == 0)
			continue;
		snprintf(text, sizeof(text), "ksmd's %s is %s, and %s was set", setting_name(k),
			 now, t.setting[k].set);
		return text;
	}
	return NULL;
}
