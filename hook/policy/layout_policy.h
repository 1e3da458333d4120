/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container shares its address-space layout, and with whom: pure. */
#ifndef KSM_LAYOUT_POLICY_H
#define KSM_LAYOUT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy_types.h"

/* What a container says of its layout; NULL where it does not. */
struct layout_request {
	const char *kind;                /* in messages, in front of a key */
	const char *layout, *layout_key; /* no layout: it says nothing of it */
	const char *group, *group_key;
	const char *
		image_id; /* from its engine's own files; NULL where nobody looked or found it */
	const char *
		project; /* with it, those of one image share among themselves; NULL: it has none */
	bool orchestrated; /* it belongs to a namespace, whether that is known or not */
};

/*
 * Set d's group, or say in d->unshared why there is none; d->merge is decided already. The
 * names of groups are
 *	group:NAME	what the container says,
 *	image:NAME	of its image, where the engine (not the image) tells it, or image:sha256:ID
 *			by the engine's own files, with PROJECT/ in front where it is of one; rules see it
 *			without, as an image may choose a name for all of its containers that have none,
 *	pod:NAME	of its pod,
 *	uid:NUMBER	of the user who runs containers of his own,
 * of which "shared_layout": "image" takes only the first two for a container that says nothing;
 * all but the last with NAMESPACE/ in front where the engine tells a namespace, so that a
 * tenant of a cluster cannot join a group of another's; and none of them where there must be
 * one and it cannot be told. A container of root of which none of this is known has none: the
 * whole host is not a group.
 */
void layout_decide(const struct layout_request *request, const struct policy_config *c,
		   const struct trusted_values *trusted, struct decision *d);

/*
 * Set d->v8 by what the container says of it under that key, or say in d->warning why not. It counts
 * for who has a group.
 */
void layout_decide_v8(const char *kind, const char *key, const char *value,
		      const struct policy_config *c, struct decision *d);

/* May a group have this name? */
bool layout_is_group(const char *name);

/*
 * What in a container's config.json keeps it from sharing a layout, or REASON_NONE. A look at
 * the bytes is enough: where it errs, the layout is private.
 */
enum reason layout_blocker(const char *text, size_t len);

/* The same in words. */
const char *layout_blocker_text(enum reason blocker);

/* Take the group back where there is a blocker. */
void layout_reconsider(struct decision *d, const char *text, size_t len);

#endif
