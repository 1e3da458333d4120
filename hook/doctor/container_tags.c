/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does nothing of a container merge since its memory has tags (MTE)? */
#include "doctor/container_tags.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel/memory_tags.h"
#include "kernel/watched.h"

/* In a child (kernel/watched.h); its answer is a bool. */
static int read_tags(void *arg, void **data, size_t *size, struct error *err)
{
	const pid_t *pid = arg;
	bool *tagged = malloc(sizeof(*tagged));

	if (!tagged)
		return err_set(err, ENOMEM, "out of memory");
	*tagged = memory_is_tagged(*pid);
	*data = tagged;
	*size = sizeof(*tagged);
	return 0;
}

static bool is_mostly_tagged(pid_t pid)
{
	bool *tagged = NULL, is = false;
	struct error err;
	void *data = NULL;
	size_t size = 0;

	if (watched_run(read_tags, &pid, &data, &size, &err) == 0 && size == sizeof(*tagged)) {
		tagged = data;
		is = *tagged;
	}
	free(data);
	return is;
}

void container_tags_check(struct doctor *d, const struct container_summary *c, const char *name)
{
	struct finding *f;

	/* the mergeable process with the largest address space */
	if (!is_mostly_tagged(c->sparse_pid))
		return;
	f = finding_add(d, FINDING_NOTE, ID_CONTAINER_TAGS,
			"the kernel merges no page that has memory tags, whatever is in it",
			"%s: most of the memory of process %d has tags (MTE)", name,
			c->sparse_pid);
	finding_advise(f,
		       "start it without tags (glibc's are GLIBC_TUNABLES=glibc.mem.tagging), "
		       "or: %s detach %s",
		       d->command, name);
}
