/* SPDX-License-Identifier: Apache-2.0 */
/* Each frame is new once, wherever it lies. */
#include "estimate/frame_set.h"

#include "base/macros.h"
#include "check.h"

static void once(void)
{
	static const uint64_t frames[] = { 0, 1, 63, 64, 32767, 32768, 1000000, 65, 999999 };
	struct frame_set s = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		CHECK_INT(frame_set_add(&s, frames[i]), 1);
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		CHECK_INT(frame_set_add(&s, frames[i]), 0);
	CHECK_INT(frame_set_add(&s, 2), 1);
	frame_set_free(&s);
	CHECK_INT(frame_set_add(&s, 2), 1);
	frame_set_free(&s);
}

int main(void)
{
	RUN(once);
	return check_end();
}
