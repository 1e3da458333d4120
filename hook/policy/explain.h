/* SPDX-License-Identifier: Apache-2.0 */
/* A decision with all that led to it, for a reader: plain data, so that it can cross a pipe. */
#ifndef KSM_EXPLAIN_H
#define KSM_EXPLAIN_H

#include "policy/policy.h"
#include "policy/rule_fit.h"

/* What can be said of a container in the user's words, and who says so. */
struct explained_value {
	char value[128]; /* empty: nobody tells it; cut where it is longer */
	char source[64]; /* the engine's annotation, or in words */
	/* with an empty value: what an annotation says that whoever starts it can choose */
	char claim[128];
	char claimant[64]; /* that annotation; empty: there is none */
};

struct explanation {
	struct decision decision;
	struct explained_value value[TRUSTED_KEYS];
	size_t denies, allows; /* rules of each kind */
};

/* One rule: where it stands, what it asks for, and whether that fits. */
struct explained_rule {
	bool deny;
	enum rule_fit fit;
	bool counts; /* with "unknown": "allow", what is not known is not denied */
	unsigned line, column;
	char file[80];
	char text[192];   /* namespace="payments-*", image="x" */
	char unknown[32]; /* what cannot be told, with FITS_MAYBE */
};

/* Pure. */
void policy_explain(const struct policy_config *config, const struct policy_subject *subject,
		    struct explanation *out);

/*
 * Pure. Of the rules in the order in which they are looked at, deny before allow, those from
 * first on, n at most. Returns how many that are.
 */
size_t policy_explain_rules(const struct policy_config *config,
			    const struct policy_subject *subject, size_t first,
			    struct explained_rule *out, size_t n);

#endif
