/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps the library out is a reason, the first one of its config.json, whatever words go with it. */
#include "oci/preload_check.h"

#include <errno.h>

#include "check.h"

static void blockers(void)
{
	static struct spec s;
	struct error err = { "" };

	spec_block(&s, REASON_PRELOAD_PROCESS, "%s", "");
	spec_block(&s, REASON_PRELOAD_MOUNTS, "another one, which comes too late");
	CHECK_INT(s.blocker.reason, REASON_PRELOAD_PROCESS);
	CHECK_TEXT(s.blocker.msg, "");
	CHECK_INT(preload_fits("/nonexistent/library.so", &s, PROBE_EACH_EXEC, &err), -EINVAL);
	CHECK_INT(err.reason, REASON_PRELOAD_PROCESS);
	/* the kernel comes first */
	CHECK_INT(preload_fits("/nonexistent/library.so", &s, PROBE_NO_KSM, &err), -ENOSYS);
	CHECK_INT(err.reason, REASON_KERNEL_NO_KSM);
}

static void no_blocker(void)
{
	static struct spec s = { .blocker = { .msg = "left over from something else" } };
	struct error err = { "" };

	CHECK_INT(preload_fits("/nonexistent/library.so", &s, PROBE_EACH_EXEC, &err), -ENOENT);
	CHECK_INT(err.reason, REASON_PRELOAD_LIBRARY);
	CHECK_HAS(err.msg, "/nonexistent/library.so: ");
}

int main(void)
{
	RUN(blockers);
	RUN(no_blocker);
	return check_end();
}
