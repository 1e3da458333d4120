/* SPDX-License-Identifier: Apache-2.0 */
/* The commands; each returns the program's exit status: 0 done, 1 failed, 2 wrong usage. */
#ifndef KSM_APPLETS_H
#define KSM_APPLETS_H

#include <stdbool.h>

int applet_create_runtime(int argc, char **argv);
int applet_poststart(int argc, char **argv);
int applet_poststop(int argc, char **argv);
int applet_lxc(int argc, char **argv);
int applet_precreate(int argc, char **argv);
int applet_attach(int argc, char **argv);
int applet_detach(int argc, char **argv);
int applet_run(int argc, char **argv);
int applet_runtime(int argc, char **argv);
int applet_nri(int argc, char **argv);

/* No command's name: the exit status if an engine calls, -1 where it is somebody's typing. */
int applet_slip(int argc, char **argv);

/*
 * The same of a command that is no stage: by a container's state, or a config.json, on stdin, which
 * is left there for the command where the answer is -1.
 */
int applet_slip_of_command(int argc, char **argv);
int applet_enable(int argc, char **argv);
int applet_disable(int argc, char **argv);
int applet_docker_register(int argc, char **argv);
int applet_status(int argc, char **argv);
int applet_estimate(int argc, char **argv);
int applet_capacity(int argc, char **argv);
int applet_ps(int argc, char **argv);
int applet_metrics(int argc, char **argv);
int applet_doctor(int argc, char **argv);
int applet_economize(int argc, char **argv);
int applet_policy(int argc, char **argv);
int applet_stop(int argc, char **argv);

/* Is this a name under which the program is an OCI runtime? Then it has no other command. */
bool runtime_is_name(const char *argv0);

/* Was the program started by a runtime, as one of its NRI plugins? */
bool nri_is_launched(int argc, char *const *argv);

#endif
