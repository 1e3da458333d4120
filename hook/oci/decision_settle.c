/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a decision whatever it is: `ksm-hook stop` is obeyed, and it is told. */
#include "oci/decision_settle.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/log_output.h"
#include "base/text.h"
#include "policy/stop.h"

void decision_obey_stop(struct decision *d)
{
	struct error err;

	if (!d->merge || stop_check(&err) == 0)
		return;
	d->merge = d->required = false;
	d->group[0] = '\0';
	d->reason = REASON_HOST_STOPPED;
	snprintf(d->text, sizeof(d->text), "%.*s", (int)sizeof(d->text) - 1, err.msg);
}

static void log_decision(const struct decision *d)
{
	const char *what = d->merge ? "merge" :
			   d->would ? "would merge, but \"mode\" is \"observe\"" :
				      "leave alone";

	if (d->warning[0])
		log_warning("%s", d->warning);
	log_reason(LOG_LEVEL_INFO, d->reason, "%s: %s", what, d->text);
}

/* " key=value", in which a blank can be none of the value's. What does not fit is cut. */
static void add_field(char *line, size_t size, const char *key, const char *value)
{
	size_t len = strlen(line);

	if (!value[0] || len + sizeof("container=") > size)
		return;
	len += (size_t)snprintf(line + len, size - len, " %s=", key);
	printable_word(line + len, size - len, value);
}

static __attribute__((noinline)) void write_audit(const struct container_decision *c,
						  const char *id, const char *outcome,
						  enum reason reason)
{
	char line[LOG_OUTPUT_MAX], pid[16] = "";

	snprintf(line, sizeof(line), "[audit] decision=%s reason=%s", outcome,
		 reason_name(reason));
	if (c->pid > 0)
		snprintf(pid, sizeof(pid), "%d", c->pid);
	add_field(line, sizeof(line), "id", c->id[0] || !id ? c->id : id);
	add_field(line, sizeof(line), "pid", pid);
	add_field(line, sizeof(line), "namespace", c->metadata.pod_namespace);
	add_field(line, sizeof(line), "pod", c->metadata.pod);
	add_field(line, sizeof(line), "container", c->metadata.container);
	add_field(line, sizeof(line), "image", c->metadata.image);
	add_field(line, sizeof(line), "group", c->decision.group);
	log_output_syslog(LOG_DAEMON | LOG_NOTICE, line);
}

static void audit_decision(const struct container_decision *c, const char *id,
			   const char *outcome, enum reason reason)
{
	if (c->decision.audit)
		write_audit(c, id, outcome, reason);
}

void decision_settle(struct container_decision *c, const char *id)
{
	const struct decision *d = &c->decision;

	decision_obey_stop(&c->decision);
	c->metadata.no_economy = d->no_economy;
	log_decision(d);
	audit_decision(c, id,
		       d->merge ? "merge" :
		       d->would ? "would-merge" :
				  "leave-alone",
		       d->reason);
}

void decision_failed(const struct container_decision *c, const char *id,
		     const struct error *err, bool refused)
{
	audit_decision(c, id, refused ? "refuse" : "leave-alone", err->reason);
}
