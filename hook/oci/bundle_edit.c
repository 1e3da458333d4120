/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edit of a bundle's config.json: the preload library, for kernels where mergeability does not
 * last, and a group's hash seeds.
 */
#include "oci/bundle_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "oci/preload_check.h"

bool bundle_needs_library(enum policy_method method, enum probe_way way)
{
	return method == METHOD_PRELOAD || (method == METHOD_AUTO && way != PROBE_INHERIT);
}

int bundle_add_library(const struct spec *spec, const char *library, enum probe_way way,
		       struct spec_additions *additions, struct error *err)
{
	int r = preload_fits(library, spec, way, err);

	if (r == 0)
		additions->preload = library;
	return r;
}

bool bundle_takes_seeds(const struct spec *spec, bool v8)
{
	return spec->add != SPEC_ENV_THERE &&
	       !(spec->python_seed && spec->perl_seed && (spec->v8_seed || !v8));
}

void bundle_add_seeds(const struct spec *spec, const char *python, const char *perl,
		      const char *v8, struct spec_additions *additions)
{
	if (*v8 && !spec->v8_seed && additions->preload)
		additions->variable[additions->variables++] = v8;
	if (!spec->python_seed)
		additions->variable[additions->variables++] = python;
	if (!spec->perl_seed) {
		additions->variable[additions->variables++] = perl;
		/* the order of keys would change with the process otherwise (perlrun(1)) */
		additions->variable[additions->variables++] = "PERL_PERTURB_KEYS=0";
	}
}

static char *join_pieces(const struct spec_edit *edit, size_t *len)
{
	char *text, *to;

	*len = 0;
	for (int i = 0; i < edit->n; i++)
		*len += edit->piece[i].iov_len;
	text = to = malloc(*len);
	for (int i = 0; text && i < edit->n; i++) {
		memcpy(to, edit->piece[i].iov_base, edit->piece[i].iov_len);
		to += edit->piece[i].iov_len;
	}
	return text;
}

int bundle_rewrite(const char *bundle, const struct spec_edit *edit, struct error *err)
{
	static const char name[] = "config.json";
	__cleanup(close_fd) int dir = -1;
	char *text;
	size_t len;
	int r;

	if (edit->n <= 1)
		return 0;
	dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_reason(err, REASON_EDIT_FAILED, err_errno(err, errno, "%s", bundle));
	text = join_pieces(edit, &len);
	r = text ? rewrite_file(dir, name, text, len, err) :
		   err_set(err, ENOMEM, "%s: memory for %zu bytes", name, len);
	free(text);
	return r < 0 ? err_reason(err, REASON_EDIT_FAILED, r) : 0;
}
