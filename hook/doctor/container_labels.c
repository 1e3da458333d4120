/* SPDX-License-Identifier: Apache-2.0 */
/* What users know the containers by that run, where that tells them apart. */
#include "doctor/container_labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A place in what is sorted. */
struct labelled {
	const struct known_container *c;
};

static int compare_labels(const void *a, const void *b)
{
	const struct known_container *x = ((const struct labelled *)a)->c;
	const struct known_container *y = ((const struct labelled *)b)->c;
	char first[METADATA_LABEL_MAX], second[METADATA_LABEL_MAX];
	int r = strcmp(x->name.engine, y->name.engine);

	return r ? r :
		   strcmp(metadata_label(&x->metadata, first, sizeof(first)),
			  metadata_label(&y->metadata, second, sizeof(second)));
}

/* Those that are alike stand beside each other. */
static void mark_ambiguous(struct container_labels *labels, struct labelled *sorted)
{
	size_t n = labels->all.n;

	for (size_t i = 0; i < n; i++)
		sorted[i].c = &labels->all.c[i];
	qsort(sorted, n, sizeof(*sorted), compare_labels);
	for (size_t i = 1; i < n; i++) {
		if (compare_labels(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		labels->ambiguous[sorted[i - 1].c - labels->all.c] = true;
		labels->ambiguous[sorted[i].c - labels->all.c] = true;
	}
}

void container_labels_take(struct container_labels *labels)
{
	struct labelled *sorted;
	struct error ignored;

	*labels = (struct container_labels){ .ambiguous = NULL };
	if (container_list_read(&labels->all, &ignored) < 0) {
		labels->all.n = 0;
		return;
	}
	labels->ambiguous = calloc(labels->all.n + 1, sizeof(*labels->ambiguous));
	sorted = calloc(labels->all.n + 1, sizeof(*sorted));
	if (labels->ambiguous && sorted)
		mark_ambiguous(labels, sorted);
	else
		labels->all.n = 0;
	free(sorted);
}

void container_labels_free(struct container_labels *labels)
{
	free(labels->all.c);
	free(labels->ambiguous);
}

static int compare_with_name(const void *name, const void *known)
{
	const struct known_container *c = known;

	return container_name_compare(name, &c->name);
}

const char *container_label_of(const struct container_labels *labels,
			       const struct container_name *name, char *out, size_t size)
{
	const struct known_container *c = labels->all.n ?
						  bsearch(name, labels->all.c, labels->all.n,
							  sizeof(*c), compare_with_name) :
						  NULL;

	out[0] = '\0';
	if (c && !labels->ambiguous[c - labels->all.c])
		(void)metadata_label(&c->metadata, out, size);
	return out;
}
