/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and conf.d, read once, whatever file system they lie on. */
#ifndef KSM_CONFIG_LOAD_H
#define KSM_CONFIG_LOAD_H

#include "base/error.h"
#include "policy/config_files.h"

/*
 * Read them, where that has not been done. 0, or -errno with a reason in err, which may be NULL;
 * -ETIMEDOUT: their file system does not answer.
 */
int config_load(const char *path, struct error *err);

/* Read them anew the next time: for whoever looks again and again. */
void config_forget(void);

/* What could be read; nothing before config_load(). */
const struct config_files *config_loaded(void);

#endif
