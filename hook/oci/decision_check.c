/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what comes out of the sandbox is what a tenant would like to be believed. */
#include "oci/decision_check.h"

#include <errno.h>
#include <string.h>

#include "kernel/sandbox.h"
#include "oci/state.h"
#include "policy/config.h"
#include "policy/layout_policy.h"

static bool is_ended(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* Whatever bytes a message has, who writes it out escapes them; and nothing is decided by them. */
static void end_text(char *text, size_t size)
{
	text[size - 1] = '\0';
}

static void clean_error(struct error *err)
{
	end_text(err->msg, sizeof(err->msg));
	if ((unsigned)err->reason >= REASON_COUNT)
		err->reason = REASON_NONE;
}

static bool check_policy(struct decision *d)
{
	end_text(d->text, sizeof(d->text));
	end_text(d->warning, sizeof(d->warning));
	end_text(d->unshared, sizeof(d->unshared));
	return sandbox_bool(&d->merge) && sandbox_bool(&d->would) && sandbox_bool(&d->audit) &&
	       sandbox_bool(&d->required) && sandbox_bool(&d->no_economy) &&
	       sandbox_bool(&d->v8) && !(d->merge && d->would) &&
	       (unsigned)d->method <= METHOD_PRELOAD && (unsigned)d->reason < REASON_COUNT &&
	       (unsigned)d->unshared_reason < REASON_COUNT &&
	       ((!d->merge && !d->would) || d->reason != REASON_NONE) &&
	       is_ended(d->group, sizeof(d->group)) &&
	       (!d->group[0] || (d->merge && layout_is_group(d->group)));
}

static bool check_spec(const struct spec *s, size_t len)
{
	for (int i = 0; i < PROFILE_CALLS; i++) {
		if ((unsigned)s->profile[i] > PROFILE_KILLS)
			return false;
	}
	return (unsigned)s->blocker.reason < REASON_COUNT &&
	       (unsigned)s->env <= SPEC_ENV_LIST && (unsigned)s->add <= SPEC_ENV_LIST &&
	       (unsigned)s->mount <= SPEC_MOUNT_ADD && s->env_at <= len && s->add_at <= len &&
	       s->mount_at <= len && sandbox_bool(&s->python_seed) &&
	       sandbox_bool(&s->perl_seed) && sandbox_bool(&s->v8_seed) &&
	       is_ended(s->id, sizeof(s->id)) && (!s->id[0] || state_is_id(s->id)) &&
	       is_ended(s->root, sizeof(s->root)) && is_ended(s->program, sizeof(s->program)) &&
	       is_ended(s->path, sizeof(s->path)) && is_ended(s->cwd, sizeof(s->cwd)) &&
	       is_ended(s->bind.destination, sizeof(s->bind.destination)) &&
	       is_ended(s->bind.source, sizeof(s->bind.source));
}

static bool check_identity(struct container_decision *d)
{
	metadata_end(&d->metadata);
	return is_ended(d->id, sizeof(d->id)) && (!d->id[0] || state_is_id(d->id)) &&
	       d->pid >= 0 && sandbox_bool(&d->running) &&
	       is_ended(d->bundle, sizeof(d->bundle)) && (!d->bundle[0] || d->bundle[0] == '/');
}

int decision_check(struct container_decision *d, size_t len, struct error *err)
{
	clean_error(&d->err);
	end_text(d->spec.blocker.msg, sizeof(d->spec.blocker.msg));
	if (sandbox_bool(&d->failed) && sandbox_bool(&d->syntax) && (d->failed || !d->syntax) &&
	    sandbox_bool(&d->log_given) && (unsigned)d->log <= LOG_LEVEL_DEBUG &&
	    check_policy(&d->decision) && check_identity(d) && check_spec(&d->spec, len))
		return 0;
	return sandbox_malformed(err);
}

int decision_settings_check(struct decision_settings *s, struct error *err)
{
	bool fine = sandbox_bool(&s->failed) && sandbox_bool(&s->required) &&
		    sandbox_bool(&s->observe) && sandbox_bool(&s->audit) &&
		    sandbox_bool(&s->log_given) && (unsigned)s->log <= LOG_LEVEL_DEBUG &&
		    s->max_sparse >= 0 && s->runtimes <= POLICY_RUNTIMES_MAX;

	clean_error(&s->err);
	for (size_t i = 0; fine && i < s->runtimes; i++)
		fine = is_ended(s->runtime[i], sizeof(s->runtime[i])) &&
		       config_is_runtime(s->runtime[i]);
	return fine ? 0 : sandbox_malformed(err);
}
