/* SPDX-License-Identifier: Apache-2.0 */
/* One config.json, parsed. */
#ifndef KSM_PARSED_H
#define KSM_PARSED_H

#include <string.h>

#include "base/json_reader.h"
#include "policy/config.h"

static struct policy_config config;
static struct error err;

static inline int parse(const char *text)
{
	json_release();
	config = (struct policy_config){ 0 };
	err.msg[0] = '\0';
	return config_parse(&(struct config_text){ "config.json", NULL, text, strlen(text) },
			    &config, NULL, NULL, &err);
}

#endif
