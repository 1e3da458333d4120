/* SPDX-License-Identifier: Apache-2.0 */
/* How the node's agent is, for its probes. */
#include "nri/nri_state.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/clock.h"

/*
 * A request takes milliseconds. A container's init that does not come to a stop is given up after
 * some seconds (inject/inject.h).
 */
#define BUSY_MAX_MS 30000

struct nri_state *nri_state_make(struct error *err)
{
	void *p = mmap(NULL, sizeof(struct nri_state), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		(void)err_errno(err, errno, "memory for the agent's state");
		return NULL;
	}
	return p;
}

void nri_state_registered(struct nri_state *s, bool registered)
{
	s->registered = registered;
}

void nri_state_busy(struct nri_state *s, int64_t since_ms)
{
	s->busy_since_ms = since_ms;
}

void nri_state_count(struct nri_state *s, enum nri_count what)
{
	s->count[what]++;
}

bool nri_state_is_healthy(const struct nri_state *s)
{
	int64_t since = s->busy_since_ms;

	return since == 0 || now_ms() - since < BUSY_MAX_MS;
}
