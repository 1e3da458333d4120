/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a kubelet, and which runtime does it start its pods by? */
#ifndef KSM_KUBELET_H
#define KSM_KUBELET_H

#include <stddef.h>

enum kubelet_runtime {
	KUBELET_NONE,       /* there is no kubelet */
	KUBELET_UNKNOWN,    /* its files do not say */
	KUBELET_CONTAINERD, /* by a socket of containerd */
	KUBELET_OTHER
};

enum kubelet_runtime kubelet_runtime_of_host(void);

/* Pure: what a file of it, its configuration or options, says of its runtime; else before. */
enum kubelet_runtime kubelet_runtime_parse(const char *text, enum kubelet_runtime before);

#endif
