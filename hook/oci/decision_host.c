/* SPDX-License-Identifier: Apache-2.0 */
/* What the host tells of a container beside its text. */
#include "oci/decision_host.h"

#include <limits.h>

#include "containers/cgroup_name.h"
#include "kernel/proc.h"

/* Not to be inlined: most starts need not reach so far down their stack. */
static __attribute__((noinline)) bool crio_has_init(const struct container_decision *state)
{
	char cgroup[PROC_CGROUP_MAX];
	struct conmon_args told;

	return proc_read_head(state->pid, "cgroup", cgroup, sizeof(cgroup)) > 0 &&
	       cgroup_is_of(cgroup, engine_name(ENGINE_CRIO), state->id) &&
	       !(conmon_of(state->pid, state->id, &told) && told.podmans);
}

bool host_says_crio(const struct container_decision *state)
{
	return engine_bundle_is_storage(state->bundle, state->id) && state->pid > 0 &&
	       crio_has_init(state);
}

bool host_finds_monitor(const struct container_decision *state, struct conmon_args *out)
{
	return state->pid > 0 && engine_bundle_is_storage(state->bundle, state->id) &&
	       conmon_of(state->pid, state->id, out);
}

bool host_finds_image(const struct container_decision *c, enum container_engine engine,
		      const char *id, const char *bundle, struct stored_image *image)
{
	char made[PATH_MAX];

	if (!id)
		id = c->spec.id;
	if (!bundle && podman_bundle_of_root(c->spec.root, id, made, sizeof(made)))
		bundle = made;
	if (!bundle)
		return false;
	if (engine == ENGINE_UNKNOWN)
		engine = engine_of_bundle(bundle, id, false);
	if (engine == ENGINE_PODMAN && engine_bundle_is_storage(bundle, id))
		return podman_image_find(bundle, id, image);
	return engine == ENGINE_DOCKER && docker_image_find(id, image);
}
