/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and the files of conf.d beside it: found and read, in the order in which they count. */
#ifndef KSM_CONFIG_READ_H
#define KSM_CONFIG_READ_H

#include "policy/config_files.h"

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

#endif
