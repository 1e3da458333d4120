/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of `ksm-hook doctor`, each in the file of its name. A new one is added here and
 * to the table in applets/doctor.c, and its ids to ksm-hook-doctor(8).
 */
#ifndef KSM_CHECKS_H
#define KSM_CHECKS_H

#include "doctor/findings.h"

void check_kernel(struct doctor *d);
void check_security(struct doctor *d);
void check_installation(struct doctor *d);
void check_containers(struct doctor *d);
void check_ksmd(struct doctor *d);

/* These say in d->registered what they found of ours. */
void check_podman(struct doctor *d);
void check_crio(struct doctor *d);
void check_docker(struct doctor *d);
void check_containerd(struct doctor *d);
void check_lxc(struct doctor *d);
void check_openvz(struct doctor *d);

/* These ask what is registered. */
void check_runtime(struct doctor *d);
void check_exec(struct doctor *d);

/* And what of all that could not be read. */
void check_silent_places(struct doctor *d);

#endif
