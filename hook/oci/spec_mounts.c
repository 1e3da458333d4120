/* SPDX-License-Identifier: Apache-2.0 */
/* "mounts" of config.json: is the library there, and where can it be mounted? */
#include "oci/spec_mounts.h"

#include <stdio.h>
#include <string.h>

static bool is_text_of(const struct json_value *v, const char *want)
{
	return v->type == JSON_STRING && v->len == strlen(want) &&
	       memcmp(v->text, want, v->len) == 0;
}

/* Another spelling of a path, as engines write it and as they do not. */
static bool is_same_path(const struct json_value *v, const char *want)
{
	char clean[96] = "";
	size_t n = 0;

	for (size_t i = 0; v->type == JSON_STRING && i < v->len;) {
		size_t len = 0;

		while (i < v->len && v->text[i] == '/')
			i++;
		while (i + len < v->len && v->text[i + len] != '/')
			len++;
		if (len == 2 && memcmp(v->text + i, "..", 2) == 0) {
			while (n > 0 && clean[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && v->text[i] == '.')) {
			if (n + 1 + len > sizeof(clean))
				return false;
			clean[n++] = '/';
			memcpy(clean + n, v->text + i, len);
			n += len;
		}
		i += len;
	}
	return n == strlen(want) && memcmp(clean, want, n) == 0;
}

static void keep_absolute(char *out, size_t size, const struct json_value *v)
{
	bool absolute = v->type == JSON_STRING && v->len > 0 && v->text[0] == '/';

	spec_keep(out, size, absolute ? v->text : "", absolute ? v->len : 0);
}

void spec_mounts_visit(struct spec_mounts *p, struct spec *s, const struct json_path *path,
		       const struct json_value *v)
{
	const char *key = path->depth == 3 ? path->key[2] : NULL;

	if (path->depth == 1 && v->type != JSON_ARRAY)
		spec_block(s, REASON_PRELOAD_MOUNTS, "its \"mounts\" is not a list");
	if (path->depth == 2) {
		p->is_dev = p->is_tmpfs = p->is_library = p->is_bind = false;
		p->bind = (struct spec_bind){ "", "" };
	} else if (key && strcmp(key, "destination") == 0) {
		p->is_dev = is_same_path(v, "/dev");
		p->is_library = is_same_path(v, SPEC_LIBRARY);
		keep_absolute(p->bind.destination, sizeof(p->bind.destination), v);
	} else if (key && strcmp(key, "source") == 0) {
		keep_absolute(p->bind.source, sizeof(p->bind.source), v);
	} else if (key && strcmp(key, "type") == 0) {
		p->is_tmpfs = is_text_of(v, "tmpfs");
	}
	if (p->is_library)
		s->mount = SPEC_MOUNT_THERE;
	/* what makes it one, whatever its type */
	if (path->depth == 4 && path->key[2] && strcmp(path->key[2], "options") == 0)
		p->is_bind |= is_text_of(v, "bind") || is_text_of(v, "rbind");
}

/* Those of every container hold no program, and would leave no room for others. */
static bool may_hold_program(const struct spec_bind *b)
{
	return b->destination[0] && b->source[0] && strncmp(b->destination, "/etc/", 5) != 0 &&
	       strncmp(b->destination, "/dev/", 5) != 0;
}

void spec_mounts_leave(struct spec_mounts *p, struct spec *s, size_t end)
{
	if (p->is_bind && p->n_binds < SPEC_BINDS_MAX && may_hold_program(&p->bind))
		p->binds[p->n_binds++] = p->bind;
	if (!p->is_dev)
		return;
	/* the last one covers those before it */
	p->dev_is_tmpfs = p->is_tmpfs;
	s->mount_at = (uint32_t)end;
}

/* The last one covers those before it. */
static void find_bind_of_program(const struct spec_mounts *p, struct spec *s)
{
	char path[sizeof(s->cwd) + 1 + sizeof(s->program)];
	bool absolute = s->program[0] == '/';

	if (!strchr(s->program, '/'))
		return;
	snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : s->cwd, absolute ? "" : "/",
		 s->program);
	for (size_t i = 0; i < p->n_binds; i++) {
		if (spec_bind_below(&p->binds[i], path))
			s->bind = p->binds[i];
	}
}

void spec_mounts_end(const struct spec_mounts *p, struct spec *s)
{
	find_bind_of_program(p, s);
	if (s->mount == SPEC_MOUNT_ADD && !p->dev_is_tmpfs)
		spec_block(
			s, REASON_PRELOAD_MOUNTS,
			"its /dev is not a tmpfs of its own, and a mount point elsewhere would "
			"stay in the image");
}
