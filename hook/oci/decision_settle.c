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

static const char *decision_outcome(const struct decision *d)
{
	return d->merge ? "merge" : d->would ? "would-merge" : "leave-alone";
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

/* " key=value", in which a blank can be none of the value's. */
static void add_field(char *line, size_t size, const char *key, const char *value)
{
	char shown[4 * 128];
	size_t len = strlen(line);

	if (!value[0])
		return;
	printable(shown, sizeof(shown), value, strnlen(value, 127));
	for (char *p = shown; *p; p++) {
		if (*p == ' ')
			*p = '_';
	}
	snprintf(line + len, size - len, " %s=%s", key, shown);
}

static void audit_decision(const struct container_decision *c, const char *id)
{
	char line[2048], pid[16] = "";

	snprintf(line, sizeof(line), "[audit] decision=%s reason=%s",
		 decision_outcome(&c->decision), reason_name(c->decision.reason));
	if (c->pid > 0)
		snprintf(pid, sizeof(pid), "%d", c->pid);
	add_field(line, sizeof(line), "id", id);
	add_field(line, sizeof(line), "pid", pid);
	add_field(line, sizeof(line), "namespace", c->metadata.pod_namespace);
	add_field(line, sizeof(line), "pod", c->metadata.pod);
	add_field(line, sizeof(line), "container", c->metadata.container);
	add_field(line, sizeof(line), "image", c->metadata.image);
	add_field(line, sizeof(line), "group", c->decision.group);
	log_output_syslog(LOG_DAEMON | LOG_NOTICE, line);
}

void decision_settle(struct container_decision *c, const char *id)
{
	decision_obey_stop(&c->decision);
	log_decision(&c->decision);
	if (c->decision.audit)
		audit_decision(c, c->id[0] || !id ? c->id : id);
}
