/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of containerd's CRI plugin, by its files: what they set, and where. */
#ifndef KSM_CONTAINERD_CONFIG_H
#define KSM_CONTAINERD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "doctor/containerd_plugins.h"

/* More runtimes, or imported files, than this are not looked at, nor runtimes of longer names. */
#define CONTAINERD_RUNTIMES_MAX 32
#define CONTAINERD_IMPORTS_MAX  32
#define CONTAINERD_PATH_MAX     256

/* Where something stands: a line of a file; line 0: nowhere that a line could be put behind. */
struct containerd_place {
	char file[CONTAINERD_PATH_MAX];
	int line;
};

/* A list of patterns of the annotations that are passed on. */
struct containerd_annotations {
	bool given, merge; /* there is such a setting; it has io.ksm.merge */
	bool list;         /* of strings: what containerd takes, and what can be added to */
	struct containerd_place at;
};

/* The name of the CRI plugin; the first is that of version 1, and so on. */
enum cri_plugin { CRI_PLUGIN_V1, CRI_PLUGIN_V2, CRI_PLUGIN_V3, CRI_PLUGINS };

struct containerd_runtime {
	char name[64], binary[CONTAINERD_PATH_MAX];
	enum cri_plugin plugin;
	int version;   /* of the configuration that the table stands in, 1 if it has none */
	int answered;  /* of containerd's answer: 3 or more since 2.0; 0 where there is none */
	char type[64]; /* its runtime_type; "" where it has none, or none of that length */
	bool type_given; /* there is one, be it empty */
	bool headed; /* all of it stands in one file, below plain headers that begin as the table's */
	struct containerd_place table;  /* [….runtimes.NAME] */
	struct containerd_place option; /* BinaryName */
	struct containerd_place typed;  /* runtime_type */
	char file[CONTAINERD_PATH_MAX]; /* the last one that says something of it */
	struct containerd_annotations pod, container;
};

struct containerd_import {
	char path[CONTAINERD_PATH_MAX]; /* glob(7)'s pattern where it has a "*" */
	char from[CONTAINERD_PATH_MAX]; /* the file that names it */
	bool relative;                  /* it was written so */
};

/* Where disabled_plugins names a plugin, by its own name and by the last part of that. */
struct containerd_off {
	struct containerd_place whole, last;
};

/* The runtime of pods that name none, by default_runtime_name, or by a table of its own. */
struct containerd_default {
	bool given, table;
	char name[64];
	struct containerd_place at;
};

struct containerd_config {
	struct containerd_runtime runtime[CONTAINERD_RUNTIMES_MAX];
	size_t n;
	bool truncated; /* there are runtimes that are not looked at */
	struct containerd_import import[CONTAINERD_IMPORTS_MAX];
	size_t imports;
	bool unread;      /* there are imported files that are not among them */
	size_t files;     /* that were read */
	int root_version; /* of the first one; 0 where it has none */
	int version;      /* of the last one that was read; 0 where it has none */
	int last_version; /* of the last one that has one; containerd 1.x takes all by it */
	/* the first one whose version is no number, which containerd refuses; line 0: none */
	struct containerd_place odd_version;
	struct containerd_off off[CONTAINERD_NEEDED];
	bool other_snapshotter; /* than overlayfs is what images are unpacked by */
	/* of NRI's plugin: what "disable" says last, and where; line 0: nothing does */
	bool nri_disable;
	struct containerd_place nri_set;
	struct containerd_default default_runtime[CRI_PLUGINS];
	/* the last file with a section of the plugin of this name */
	char section[CRI_PLUGINS][CONTAINERD_PATH_MAX];
};

/*
 * Take over what the text of a file sets, the first one's before those that it imports; the text is
 * written over. 0, or -EINVAL with err where a line is not understood.
 */
int containerd_config_parse(struct containerd_config *c, const char *file, char *text,
			    struct error *err);

#endif
