/* SPDX-License-Identifier: Apache-2.0 */
/* What a container that is created gets, so that it makes itself mergeable. */
#include "nri/nri_adjust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nri/nri_rpc.h"
#include "oci/spec_facts.h"

/* NRI 0.10; containerd 2.2 and CRI-O 1.34 have that by their go.mod files. */
static const struct {
	const char *runtime;
	long major, minor;
} first_with_args[] = { { "containerd", 2, 2 }, { "cri-o", 1, 34 }, { "crio", 1, 34 } };

/* Of "v1.2.3-x" and "1.2". False where it begins otherwise. */
static bool at_least(const char *version, long major, long minor)
{
	char *end;
	long first, second;

	version += *version == 'v';
	first = strtol(version, &end, 10);
	if (end == version || *end != '.')
		return false;
	second = strtol(end + 1, NULL, 10);
	return first > major || (first == major && second >= minor);
}

bool nri_takes_args(const Nri__Configure *c)
{
	/* who says NRI's version has it from there; a build without one says 0.0.0 or "(devel)" */
	if (at_least(c->nri_version, 0, 1))
		return at_least(c->nri_version, 0, 10);
	for (size_t i = 0; i < ARRAY_SIZE(first_with_args); i++) {
		if (strcmp(c->runtime_name, first_with_args[i].runtime) == 0)
			return at_least(c->runtime_version, first_with_args[i].major,
					first_with_args[i].minor);
	}
	return false;
}

static const char *old_preload(const Nri__Container *c)
{
	static const char name[] = "LD_PRELOAD=";

	for (size_t i = 0; i < c->n_env; i++) {
		if (strncmp(c->env[i], name, sizeof(name) - 1) == 0)
			return c->env[i] + sizeof(name) - 1;
	}
	return "";
}

/* Of "NAME:NAME NAME", as the loader reads it (ld.so(8)). */
static bool preloads(const char *list, const char *name)
{
	for (size_t len; *list; list += len) {
		list += strspn(list, ": ");
		len = strcspn(list, ": ");
		if (len == strlen(name) && memcmp(list, name, len) == 0)
			return true;
	}
	return false;
}

/* Appended to what the container preloads, and in place of what another plugin may have set. */
static bool add_library(const Nri__Container *c, Nri__Adjustment *a)
{
	static Nri__Pair remove = NRI__PAIR__INIT, set = NRI__PAIR__INIT;
	static Nri__Pair *both[] = { &remove, &set };
	const char *old = old_preload(c);
	size_t size = strlen(old) + sizeof(":" SPEC_LIBRARY);
	char *value;

	/* named already, and yet to be mounted */
	if (preloads(old, SPEC_LIBRARY))
		return true;
	value = nri_rpc_room(size);
	if (!value)
		return false;
	snprintf(value, size, "%s%s" SPEC_LIBRARY, old, *old ? ":" : "");
	remove.key = "-LD_PRELOAD";
	set.key = "LD_PRELOAD";
	set.value = value;
	a->env = both;
	a->n_env = ARRAY_SIZE(both);
	return true;
}

static bool add_program(const Nri__Container *c, Nri__Adjustment *a)
{
	static char program[] = NRI_PROGRAM, run[] = "run", end[] = "--";
	char **args;

	/* what would be behind is not to be a program of its own at our place */
	if (c->n_args == 0 || strcmp(c->args[0], NRI_PROGRAM) == 0)
		return false;
	args = nri_rpc_room((c->n_args + 3) * sizeof(*args));
	if (!args)
		return false;
	args[0] = program;
	args[1] = run;
	args[2] = end;
	memcpy(args + 3, c->args, c->n_args * sizeof(*args));
	a->args = args;
	a->n_args = c->n_args + 3;
	return true;
}

const Nri__Created *nri_adjust(const Nri__Container *c, enum nri_use use, const char *source)
{
	static char bind[] = "bind", ro[] = "ro", nosuid[] = "nosuid", nodev[] = "nodev";
	static char *options[] = { bind, ro, nosuid, nodev };
	static struct {
		Nri__Mount mount, *mounts[1];
		Nri__Adjustment adjustment;
		Nri__Created created;
	} of[NRI_USES];
	bool with_program = use == NRI_USE_PROGRAM;
	Nri__Adjustment *a = &of[use].adjustment;
	Nri__Mount *mount = &of[use].mount;

	*mount = (Nri__Mount)NRI__MOUNT__INIT;
	*a = (Nri__Adjustment)NRI__ADJUSTMENT__INIT;
	of[use].created = (Nri__Created)NRI__CREATED__INIT;
	if (use == NRI_USE_NOTHING || !(with_program ? add_program(c, a) : add_library(c, a)))
		return NULL;
	mount->destination = with_program ? NRI_PROGRAM : SPEC_LIBRARY;
	mount->type = bind;
	mount->source = (char *)source;
	mount->options = options;
	mount->n_options = ARRAY_SIZE(options);
	of[use].mounts[0] = mount;
	a->mounts = of[use].mounts;
	a->n_mounts = 1;
	of[use].created.adjust = a;
	return &of[use].created;
}
