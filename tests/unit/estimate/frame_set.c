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

/* Each beside its neighbours, in one word of bits and in the next, and around the end of a leaf. */
static void neighbours(void)
{
	static const uint64_t from[] = { 0, 32768 - 100, 5 * 32768 - 100 };
	struct frame_set s = { 0 };

	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
			for (uint64_t frame = from[i]; frame < from[i] + 200; frame++)
				CHECK_INT(frame_set_add(&s, frame), !again);
		}
	}
	frame_set_free(&s);
}

int main(void)
{
	RUN(once);
	RUN(neighbours);
	return check_end();
}
