/* SPDX-License-Identifier: Apache-2.0 */
/* What users know the containers by that run, where that tells them apart. */
#ifndef KSM_CONTAINER_LABELS_H
#define KSM_CONTAINER_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "containers/known_containers.h"

struct container_labels {
	struct container_list all; /* by engine and id, as container_list_read() sorts them */
	bool *ambiguous;           /* of each: others of the engine have that name too */
};

/* Without memory, or /proc, there are none. To be given back in any case. */
void container_labels_take(struct container_labels *labels);
void container_labels_free(struct container_labels *labels);

/* "" where it has none, or one that is not its alone; of METADATA_LABEL_MAX bytes. Returns out. */
const char *container_label_of(const struct container_labels *labels,
			       const struct container_name *name, char *out, size_t size);

#endif
