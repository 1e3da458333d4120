/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and the files of conf.d beside it, as bytes in one place: what they say in all. */
#include "policy/config_files.h"

#include <errno.h>
#include <string.h>

const char *config_files_keep_path(struct config_files *files, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = files->names + files->names_len;

	if (len > sizeof(files->names) - files->names_len)
		return NULL;
	memcpy(copy, text, len);
	files->names_len += len;
	return copy;
}

/* What decisions call it: "config.json", or its path from conf.d on. */
static const char *name_of(const char *path)
{
	static const char dir[] = "/" CONF_D;
	const char *slash = strrchr(path, '/');

	if (!slash || slash - path < (int)sizeof(dir) - 1 ||
	    strncmp(slash + 1 - sizeof(dir), dir, sizeof(dir) - 1) != 0)
		return "config.json";
	return slash + 2 - sizeof(dir);
}

int config_files_add(struct config_files *files, const char *path, const char *text, size_t len)
{
	const char *kept;
	char *at = files->text + files->len;

	if (files->n == CONFIG_FILES_MAX || len >= CONFIG_TEXT_MAX - files->len)
		return -E2BIG;
	kept = config_files_keep_path(files, path);
	if (!kept)
		return -E2BIG;
	memcpy(at, text, len);
	at[len] = '\0';
	files->file[files->n++] = (struct config_text){ kept, name_of(kept), at, len };
	files->len += len + 1;
	return 0;
}

bool config_files_equal(const struct config_files *a, const struct config_files *b)
{
	if (a->n != b->n || a->len != b->len || memcmp(a->text, b->text, a->len) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->file[i].len != b->file[i].len ||
		    strcmp(a->file[i].path, b->file[i].path) != 0)
			return false;
	}
	return true;
}

int config_files_parse(const struct config_files *files, struct policy_config *out,
		       config_report *report, void *arg, struct error *err)
{
	struct error other;
	int ret = 0;

	*out = (struct policy_config){ 0 };
	for (size_t i = 0; i < files->n; i++) {
		int r = config_parse(&files->file[i], out, report, arg, ret ? &other : err);

		if (ret == 0)
			ret = r;
	}
	/* whoever wants to hear of decisions wants to hear of this one too */
	if (ret < 0)
		*out = (struct policy_config){ .audit = out->audit };
	/* whoever observes wants to see something */
	if (out->observe && !out->log_given) {
		out->log_given = true;
		out->log = LOG_LEVEL_INFO;
	}
	return ret;
}
