/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of containerd, and where what is found of them goes. */
#ifndef KSM_CONTAINERD_FILES_H
#define KSM_CONTAINERD_FILES_H

#include <stdio.h>

#include "doctor/containerd_judge.h"

#define V1      "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.ksm]\n"
#define V2      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm]\n"
#define OPTIONS ".options]\nBinaryName = "
#define BOTH    "pod_annotations = ['io.ksm.*']\ncontainer_annotations = ['io.ksm.*']\n"

static struct finding findings[8];
static struct containerd_config config;

static int parse_file(const char *file, const char *text)
{
	static char copy[2048];
	struct error err;

	snprintf(copy, sizeof(copy), "%s", text);
	return containerd_config_parse(&config, file, copy, &err);
}

#endif
