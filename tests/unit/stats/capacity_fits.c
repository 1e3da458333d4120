/* SPDX-License-Identifier: Apache-2.0 */
/* hook/stats/capacity.c: what is promised of what held, and how many more containers that is. */
#include "check.h"
#include "stats/capacity.h"

#define G (INT64_C(1) << 30)

static void room(void)
{
	struct capacity_past past = { .enough = true, .held = 10 * G, .bare = 5 * G };

	CHECK_INT(capacity_room(&past, 0), 15 * G);
	CHECK_INT(capacity_room(&past, 4 * G), 11 * G);
	/* more than held cannot be lost */
	CHECK_INT(capacity_room(&past, 40 * G), 5 * G);
	past.bare = -8 * G;
	CHECK_INT(capacity_room(&past, 4 * G), 0);
	CHECK_INT(capacity_room(&past, 0), 2 * G);
	past.enough = false;
	CHECK_INT(capacity_room(&past, 0), 0);
}

static void fits(void)
{
	struct capacity_image image = {
		.containers = 4, .needs = 4 * G, .saves = 3 * G, .storm = 12 * G
	};

	/* each takes 1, but 4 when it starts */
	CHECK_INT(capacity_fits(&image, 3 * G, 0, false, 1), 0);
	CHECK_INT(capacity_fits(&image, 4 * G, 0, false, 1), 1);
	CHECK_INT(capacity_fits(&image, 10 * G, 0, false, 1), 7);
	/* half of the saving held: each takes 2.5 */
	CHECK_INT(capacity_fits(&image, 9 * G, 0, false, 0.5), 3);
	/* nothing held: in full */
	CHECK_INT(capacity_fits(&image, 9 * G, 0, false, 0), 2);
	/* the reserve is for this image, and has to grow by what the new ones could write to */
	CHECK_INT(capacity_fits(&image, 9 * G, 12 * G, true, 1), 2);
	/* it is for another one that is larger by 9: three of ours before it grows */
	CHECK_INT(capacity_fits(&image, 6 * G, 21 * G, true, 1), 3);
	image.saves = 5 * G;
	CHECK_INT(capacity_fits(&image, 3 * G, 0, false, 1), 0);
	CHECK(capacity_fits(&image, 4 * G, 0, false, 1) > 0);
	image = (struct capacity_image){ 0 };
	CHECK_INT(capacity_fits(&image, G, 0, false, 1), 0);
	/* as many as are counted at all */
	image = (struct capacity_image){ .containers = 1, .needs = 1 };
	CHECK_INT(capacity_fits(&image, INT64_MAX, 0, false, 1), INT64_C(1) << 32);
	CHECK_INT(capacity_fits(&image, 1, 0, false, 1), 1);
	CHECK_INT(capacity_fits(&image, 70000, 0, false, 1), 70000);
	CHECK(capacity_held_share(1, 1) == 1);
	CHECK(capacity_held_share(2, 1) == 0.5);
	CHECK(capacity_held_share(1, 0) == 0);
	CHECK(capacity_held_share(-1, 1) == 0);
	CHECK(capacity_held_share(0, G) == 0);
	CHECK(capacity_held_share(G, 2 * G) == 1);
	CHECK(capacity_held_share(2 * G, G) == 0.5);
}

int main(void)
{
	RUN(room);
	RUN(fits);
	return check_end();
}
