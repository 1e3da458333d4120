/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-openvz: what vps.mount and vps.umount do for KSM, in the host's name. */
#include "openvz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/log.h"
#include "policy/stop.h"

static const char ksm_run[] = "/sys/kernel/mm/ksm/run";

/* '0', '1' or '2' as the kernel shows it; 0 where there is no KSM */
static char ksmd_state(void)
{
	char text[16];

	return read_kernel_file(ksm_run, text, sizeof(text)) > 0 ? text[0] : 0;
}

/*
 * stop_place() without a child for file systems that do not answer: neither / nor /run is one. Here
 * it is made of system calls that Linux 2.6.32 has. NULL: go on.
 */
static const char *stopped_by(void)
{
	static const char *const path[] = { STOP_PATH, STOP_PATH_RUN };
	struct stat st;

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		/* what cannot be looked at may be there */
		if (lstat(path[i], &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
			return path[i];
	}
	return NULL;
}

static int do_mount(const struct conf *conf, char **libdirs)
{
	struct error err = { "" };
	const char *stopped = stopped_by();
	char state = ksmd_state();
	int rc;

	/* also who requires merging: as the hooks do */
	if (stopped) {
		log_reason(LOG_LEVEL_WARNING, REASON_HOST_STOPPED,
			   "starts without merging: merging is stopped on this host (%s)",
			   stopped);
		return 0;
	}
	if (!state)
		rc = err_reason(&err, REASON_KERNEL_NO_KSM,
				err_set(&err, EINVAL,
					"this kernel has no KSM (%s); boot one with "
					"CONFIG_KSM=y",
					ksm_run));
	else
		rc = preload_bind(conf->root, libdirs, &err);
	if (rc < 0) {
		if (err.reason == REASON_NONE)
			err.reason = REASON_PRELOAD_MOUNTS;
		log_reason(LOG_LEVEL_WARNING, err.reason, "%s: %s",
			   conf->required ? "not started, KSM_REQUIRED=\"yes\"" :
					    "starts without merging",
			   err.msg);
		return conf->required ? 1 : 0;
	}
	if (state != '1')
		log_warning("nothing merges yet: ksmd is stopped; start it with: "
			    "echo 1 > /sys/kernel/mm/ksm/run");
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
	struct error err = { "" };
	struct conf conf;

	log_init("openvz", false);
	if (!mounting && !(argc == 5 && !strcmp(argv[1], "umount"))) {
		fprintf(stderr, "usage: ksm-openvz mount|umount VZ_CONF LIBDIR LIBDIR32\n"
				"Run by vps.mount and vps.umount, with VEID and "
				"VE_CONFFILE as vzctl sets them.\n");
		return 2;
	}
	if (!veid || !ve_conf) {
		log_error("VEID and VE_CONFFILE are not set; let vzctl run the action scripts");
		return 2;
	}
	/* vzctl shows stderr to whoever starts the container; at boot nobody looks there */
	log_init("openvz", true);
	log_set_subject(veid, 0);
	umask(022);

	if (conf_read(&conf, veid, ve_conf, argv[2], &err) < 0) {
		if (conf.merge || !mounting)
			log_reason(LOG_LEVEL_WARNING, REASON_SPEC_UNREADABLE, "%s: %s",
				   mounting ? "starts without merging" : "not cleaned",
				   err.msg);
		return mounting && conf.merge && conf.required;
	}
	if (mounting && conf.bad[0])
		log_warning("a value that is neither yes nor no is ignored: %s", conf.bad);
	if (mounting)
		return conf.merge ? do_mount(&conf, argv + 3) : 0;
	if (preload_unbind(conf.root, &err) < 0)
		log_warning("not cleaned: %s", err.msg);
	return 0;
}
