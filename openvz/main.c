/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-openvz: what vps.mount and vps.umount do for KSM, in the host's name. */
#include "openvz.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static const char ksm_run[] = "/sys/kernel/mm/ksm/run";

int because(struct reason *why, int err, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	len = strlen(why->text);
	if (err)
		snprintf(why->text + len, sizeof(why->text) - len, ": %s", strerror(err));
	return -1;
}

/* vzctl shows stderr to whoever started the container; at boot nobody looks there. */
static void report(const char *veid, const char *what, const char *reason)
{
	fprintf(stderr, "ksm-hook[openvz] id=%s: %s: %s\n", veid, what, reason);
	openlog("ksm-hook", LOG_PID, LOG_DAEMON);
	syslog(LOG_WARNING, "[openvz] id=%s: %s: %s", veid, what, reason);
	closelog();
}

/* '0', '1' or '2' as the kernel shows it; 0 where there is no KSM */
static char ksmd_state(void)
{
	char c = 0;
	int fd = open(ksm_run, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, &c, 1) != 1)
			c = 0;
		close(fd);
	}
	return c;
}

static int do_mount(const char *veid, const struct conf *conf, char **libdirs)
{
	struct reason why = { "" };
	char state = ksmd_state();
	int rc;

	if (!state)
		rc = because(&why, 0, "this kernel has no KSM (%s); boot one with CONFIG_KSM=y",
			     ksm_run);
	else
		rc = preload_bind(conf->root, libdirs, &why);
	if (rc < 0) {
		report(veid,
		       conf->required ? "not started, KSM_REQUIRED=\"yes\"" :
					"starts without merging",
		       why.text);
		return conf->required ? 1 : 0;
	}
	if (state != '1')
		report(veid, "nothing merges yet",
		       "ksmd is stopped; start it with: echo 1 > /sys/kernel/mm/ksm/run");
	return 0;
}

/*
 * Exit status: 0 the container may go on, 1 it must not start (KSM_REQUIRED),
 * 2 called in a wrong way.
 */
int main(int argc, char **argv)
{
	const char *veid = getenv("VEID"), *ve_conf = getenv("VE_CONFFILE");
	bool mounting = argc == 5 && !strcmp(argv[1], "mount");
	struct reason why = { "" };
	struct conf conf;

	if (!mounting && !(argc == 5 && !strcmp(argv[1], "umount"))) {
		fprintf(stderr, "usage: ksm-openvz mount|umount VZ_CONF LIBDIR LIBDIR32\n"
				"Run by vps.mount and vps.umount, with VEID and "
				"VE_CONFFILE as vzctl sets them.\n");
		return 2;
	}
	if (!veid || !ve_conf) {
		fprintf(stderr, "ksm-hook[openvz]: VEID and VE_CONFFILE are not set; "
				"let vzctl run the action scripts\n");
		return 2;
	}
	umask(022);

	if (conf_read(&conf, veid, ve_conf, argv[2], &why) < 0) {
		if (conf.merge || !mounting)
			report(veid, mounting ? "starts without merging" : "not cleaned",
			       why.text);
		return mounting && conf.merge && conf.required;
	}
	if (mounting && conf.bad[0])
		report(veid, "a value that is neither yes nor no is ignored", conf.bad);
	if (mounting)
		return conf.merge ? do_mount(veid, &conf, argv + 3) : 0;
	if (preload_unbind(conf.root, &why) < 0)
		report(veid, "not cleaned", why.text);
	return 0;
}
