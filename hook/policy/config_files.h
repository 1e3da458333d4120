/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and the files of conf.d beside it: found and read, in the order in which they count. */
#ifndef KSM_CONFIG_FILES_H
#define KSM_CONFIG_FILES_H

#include "policy/config.h"

/* A file, and all of them: bytes. */
#define CONFIG_MAX      (64u << 10)
#define CONFIG_TEXT_MAX (256u << 10)

/* config.json and what is in conf.d. */
#define CONFIG_FILES_MAX 64

struct config_files {
	bool near; /* in: no other file system is waited for (open_near()): -EXDEV */
	size_t n;
	size_t len; /* of text: all that the files say, a NUL behind each */
	size_t names_len;
	struct config_text file[CONFIG_FILES_MAX];
	char text[CONFIG_TEXT_MAX + 1];
	char names[CONFIG_FILES_MAX * 96];
};

/*
 * Read the file, and every NAME.json of the directory conf.d beside it, in the order of their
 * bytes. Where path is CONFIG_PATH neither need be there; another path was named by somebody: then
 * no file is an error, as is a link that leads nowhere. An empty file is none. A file that others
 * than root (or we) can write is refused, as is such a directory: they steer root. So are files
 * that cannot be read, or are too many: -errno of the first with a reason; *files then has what
 * could be read. With report, each is reported.
 */
int config_files_read(const char *path, struct config_files *files, config_report *report,
		      void *arg, struct error *err);

/* One file alone, whoever's it is: to be checked, not to be obeyed. */
int config_files_read_one(const char *path, struct config_files *files, struct error *err);

/*
 * A file behind those that are there, from another process that has read it. -E2BIG where there
 * is no room.
 */
int config_files_add(struct config_files *files, const char *path, const char *text,
		     size_t len);

/* Do they say the same, byte by byte? */
bool config_files_equal(const struct config_files *a, const struct config_files *b);

/* Parse all of them into *out. -EINVAL with the first error: then *out says nothing. */
int config_files_parse(const struct config_files *files, struct policy_config *out,
		       config_report *report, void *arg, struct error *err);

#endif
