/* SPDX-License-Identifier: Apache-2.0 */
/* Reads KSM_MERGE, KSM_REQUIRED and VE_ROOT as vzctl reads its configuration. */
#include "openvz.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"

/*
 * One line in place, by the rules of vzctl's parse_line(): a backslash protects the
 * next character, and a quoted value ends at the last quote. Action scripts usually
 * source these files instead; that would run as root whatever a panel once wrote
 * into a DESCRIPTION.
 */
static char *split(char *line, const char **key)
{
	char *in = line, *out = line, *value, *end;

	for (; *in; in++) {
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*out = '\0';

	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#' || !(value = strchr(line, '=')))
		return NULL;
	*value++ = '\0';
	*key = line;

	if (*value == '"') {
		end = strrchr(++value, '"');
		if (!end)
			return NULL;
	} else {
		end = value + strlen(value);
		while (end > value && isspace((unsigned char)end[-1]))
			end--;
	}
	*end = '\0';
	return value;
}

/* vzctl's own have some kilobytes. */
#define CONF_MAX (256 << 10)

/* The first line with a key wins, as it does for vzctl; *value is to be freed. */
static int conf_lookup(const char *path, const char *key, char **value, struct error *err)
{
	char *text = malloc(CONF_MAX + 1), *line, *next, *v;
	const char *k;
	ssize_t n;

	*value = NULL;
	if (!text)
		return err_errno(err, ENOMEM, "%s", path);
	/* any owner will do: vzctl trusts it as it is, and other action scripts source it */
	n = read_regular_file(AT_FDCWD, path, FILE_SYMLINK, text, CONF_MAX, err);
	for (line = text; n > 0 && !*value && line < text + n; line = next) {
		next = memchr(line, '\n', (size_t)(text + n - line));
		next = next ? next : text + n;
		*next++ = '\0';
		v = split(line, &k);
		if (v && !strcmp(k, key))
			*value = strdup(v);
	}
	free(text);
	return n < 0 ? (int)n : 0;
}

static void read_bool(struct conf *conf, const char *key, const char *const files[2], bool *out)
{
	for (int i = 0; i < 2; i++) {
		struct error ignored;
		char *v;

		if (conf_lookup(files[i], key, &v, &ignored) < 0 || !v)
			continue;
		bool yes = !strcasecmp(v, "yes"), no = !strcasecmp(v, "no");

		free(v);
		if (yes || no) {
			*out = yes;
			return;
		}
		snprintf(conf->bad, sizeof(conf->bad), "%s in %s", key,
			 strrchr(files[i], '/') ? strrchr(files[i], '/') + 1 : files[i]);
	}
}

/* $VEID or ${VEID} once, as vzctl's subst_VEID() does */
static int expand(char *out, size_t size, const char *in, const char *veid)
{
	const char *var = strstr(in, "$VEID");
	size_t len = strlen("$VEID");
	int n;

	if (!var) {
		var = strstr(in, "${VEID}");
		len = strlen("${VEID}");
	}
	if (!var)
		n = snprintf(out, size, "%s", in);
	else
		n = snprintf(out, size, "%.*s%s%s", (int)(var - in), in, veid, var + len);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

int conf_read(struct conf *conf, const char *veid, const char *ve_conf, const char *vz_conf,
	      struct error *err)
{
	const char *const files[2] = { ve_conf, vz_conf };
	char *root = NULL;
	int rc;

	memset(conf, 0, sizeof(*conf));
	read_bool(conf, "KSM_MERGE", files, &conf->merge);
	read_bool(conf, "KSM_REQUIRED", files, &conf->required);
	for (int i = 0; i < 2 && !root; i++) {
		rc = conf_lookup(files[i], "VE_ROOT", &root, err);
		/* a container may have no configuration of its own */
		if (rc < 0 && rc != -ENOENT)
			return err_wrap(err, rc, "cannot read the configuration");
	}
	if (!root || root[0] != '/') {
		free(root);
		return err_set(err, EINVAL, "neither %s nor %s gives VE_ROOT as a full path",
			       ve_conf, vz_conf);
	}
	rc = expand(conf->root, sizeof(conf->root), root, veid);
	free(root);
	return rc < 0 ? err_set(err, EINVAL, "VE_ROOT is too long") : 0;
}
