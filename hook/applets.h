/* SPDX-License-Identifier: Apache-2.0 */
/* The applets; each returns the program's exit status: 0 done, 1 failed, 2 wrong usage. */
#ifndef KSM_APPLETS_H
#define KSM_APPLETS_H

int applet_create_runtime(int argc, char **argv);
int applet_poststart(int argc, char **argv);
int applet_poststop(int argc, char **argv);
int applet_run(int argc, char **argv);
int applet_status(int argc, char **argv);
int applet_ps(int argc, char **argv);

/* What `ksm-hook APPLET --help` prints: usage line and description, from main.c's table. */
void applet_usage(const char *name);

#endif
