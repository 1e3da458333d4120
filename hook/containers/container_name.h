/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is called by its engine. */
#ifndef KSM_CONTAINER_NAME_H
#define KSM_CONTAINER_NAME_H

struct container_name {
	char engine[12]; /* "podman", "docker", …; "oci" where only the runtime's id is known */
	char id[256];    /* raw: any bytes but NUL; whoever writes it has to escape it */
};

#endif
