/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forged annotations for each engine: what an attacker's pod says, and what the engine does. The
 * attacker's come first, as engines write their own last.
 */
#ifndef KSM_FORGED_H
#define KSM_FORGED_H

#include "policy/annotations.h"

/* Everything a pod could try, each with a value that nobody should believe. */
#define FORGED_CONTAINERD                                         \
	{ "io.kubernetes.cri.sandbox-namespace", "forged" },      \
		{ "io.kubernetes.cri.sandbox-name", "forged" },   \
		{ "io.kubernetes.cri.container-name", "forged" }, \
		{ "io.kubernetes.cri.image-name", "forged" },     \
	{                                                         \
		"io.kubernetes.cri.container-type", "container"   \
	}
#define FORGED_CRIO                                                                          \
	{ "io.kubernetes.pod.namespace", "forged" }, { "io.kubernetes.pod.name", "forged" }, \
		{ "io.kubernetes.container.name", "forged" },                                \
		{ "io.kubernetes.cri-o.ImageName", "forged" },                               \
		{ "io.kubernetes.cri-o.Namespace", "forged" },                               \
		{ "io.kubernetes.cri-o.KubeName", "forged" },                                \
		{ "io.container.manager", "forged" }, { "lxc.name", "forged" },              \
	{                                                                                    \
		"nerdctl/name", "forged"                                                     \
	}
#define ENGINE_KEYS_MAX 24

/* What a rule could ask for; NULL: nobody says. */
static const struct forged_row {
	const char *what;
	enum container_engine engine;
	struct annotation a[ENGINE_KEYS_MAX]; /* the last of a key counts, as in a map */
	const char *namespace, *pod, *container, *image, *name;
} forged[] = {
	{ "containerd",
	  ENGINE_CONTAINERD_CRI,
	  { FORGED_CRIO,
	    FORGED_CONTAINERD,
	    { "io.kubernetes.cri.sandbox-namespace", "shop" },
	    { "io.kubernetes.cri.sandbox-name", "web-1" },
	    { "io.kubernetes.cri.container-name", "nginx" },
	    { "io.kubernetes.cri.image-name", "nginx:1" } },
	  "shop",
	  "web-1",
	  "nginx",
	  "nginx:1" },
	{ "containerd, pause, with io.kubernetes.* let through",
	  ENGINE_CONTAINERD_CRI,
	  { FORGED_CRIO,
	    FORGED_CONTAINERD,
	    { "io.kubernetes.cri.sandbox-namespace", "shop" },
	    { "io.kubernetes.cri.sandbox-name", "web-1" },
	    { "io.kubernetes.cri.container-type", "sandbox" } },
	  "shop",
	  "web-1" },
	{ "containerd, with CRI-O's keys only", ENGINE_CONTAINERD_CRI, { FORGED_CRIO } },
	{ "CRI-O",
	  ENGINE_CRIO,
	  { FORGED_CONTAINERD,
	    FORGED_CRIO,
	    { "io.kubernetes.cri-o.ImageName", "quay.io/x" },
	    { "io.kubernetes.pod.namespace", "shop" },
	    { "io.kubernetes.pod.name", "web-1" },
	    { "io.kubernetes.container.name", "nginx" } },
	  "shop",
	  "web-1",
	  "nginx",
	  "quay.io/x" },
	{ "CRI-O, pause",
	  ENGINE_CRIO,
	  { FORGED_CONTAINERD,
	    FORGED_CRIO,
	    { "io.kubernetes.pod.namespace", "shop" },
	    { "io.kubernetes.pod.name", "web-1" },
	    { "io.kubernetes.container.name", "POD" } },
	  "shop",
	  "web-1" },
	{ "CRI-O, with containerd's keys only", ENGINE_CRIO, { FORGED_CONTAINERD } },
	{ "podman", ENGINE_PODMAN, { FORGED_CONTAINERD, FORGED_CRIO } },
	{ "Docker", ENGINE_DOCKER, { FORGED_CONTAINERD, FORGED_CRIO } },
	{ "ctr", ENGINE_CONTAINERD, { FORGED_CONTAINERD, FORGED_CRIO } },
	{ "LXC",
	  ENGINE_LXC,
	  { FORGED_CONTAINERD, FORGED_CRIO },
	  NULL,
	  NULL,
	  NULL,
	  NULL,
	  "box" },
	{ "plain runc", ENGINE_UNKNOWN, { FORGED_CONTAINERD, FORGED_CRIO } },
};

static inline struct policy_subject forged_subject(const struct forged_row *row)
{
	struct policy_subject s = { .engine = row->engine, .annotation = row->a };

	if (row->engine == ENGINE_LXC) {
		s.keys = &policy_environment;
		s.name = "box";
	}
	while (s.n < ENGINE_KEYS_MAX && row->a[s.n].key)
		s.n++;
	return s;
}

#endif
