/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent's probes are answered from. */
#include "nri/nri_state.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

static void health(void)
{
	struct error err;
	struct nri_state *s = nri_state_make(&err);

	CHECK(s != NULL);
	CHECK(nri_state_is_healthy(s));
	nri_state_busy(s, now_ms());
	CHECK(nri_state_is_healthy(s));
	nri_state_busy(s, now_ms() - 29000);
	CHECK(nri_state_is_healthy(s));
	nri_state_busy(s, now_ms() - 31000);
	CHECK(!nri_state_is_healthy(s));
	nri_state_busy(s, 0);
	CHECK(nri_state_is_healthy(s));
}

static void counts(void)
{
	struct error err;
	struct nri_state *s = nri_state_make(&err);
	pid_t child;

	nri_state_registered(s, true);
	child = fork();
	if (child == 0) {
		nri_state_count(s, NRI_COUNT_MERGEABLE);
		nri_state_count(s, NRI_COUNT_MERGEABLE);
		nri_state_count(s, NRI_COUNT_FAILED);
		nri_state_registered(s, false);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK_INT(s->count[NRI_COUNT_MERGEABLE], 2);
	CHECK_INT(s->count[NRI_COUNT_FAILED], 1);
	CHECK_INT(s->count[NRI_COUNT_OBSERVED], 0);
	CHECK(!s->registered);
}

int main(void)
{
	RUN(health);
	RUN(counts);
	return check_end();
}
