/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and the files of conf.d beside it, as bytes in one place: what they say in all. */
#ifndef KSM_CONFIG_FILES_H
#define KSM_CONFIG_FILES_H

#include "policy/config.h"

/* A file, and all of them: bytes. */
#define CONFIG_MAX      (64u << 10)
#define CONFIG_TEXT_MAX (256u << 10)

/* The directory beside config.json. */
#define CONF_D "conf.d"

/* config.json and what is in there. */
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

/* A copy of a path that lives as long as *files; NULL where there is no room. */
const char *config_files_keep_path(struct config_files *files, const char *path);

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
