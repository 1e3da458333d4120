/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a decision whatever it is: `ksm-hook stop` is obeyed, and it is told. */
#ifndef KSM_DECISION_SETTLE_H
#define KSM_DECISION_SETTLE_H

#include "oci/decision_types.h"

/*
 * Behind each decision, once, and before anything is done: nothing is merged where merging is
 * stopped. Logs what was decided and why, what was not understood, and the audit's line where
 * config.json asks for it. id: the container's, where c->id does not have it; or NULL.
 */
void decision_settle(struct container_decision *c, const char *id);

/*
 * Instead of that, where nothing could be decided: the audit's line. err says why; its text is the
 * caller's to log. refused: the container does not start for it.
 */
void decision_failed(const struct container_decision *c, const char *id,
		     const struct error *err, bool refused);

/* Nothing is merged where merging is stopped on this host: then that is the reason. */
void decision_obey_stop(struct decision *d);

#endif
