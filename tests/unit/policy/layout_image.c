/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares a layout by the image that its engine's files tell, asked or unasked. */
#include "base/macros.h"
#include "check.h"
#include "policy/layout_decide.h"

/* By the engine's own files, where no annotation tells; and, if the administrator wants it, unasked. */
static void images_by_id(void)
{
#define DIGEST "sha256:0123"
	static const struct {
		const char *what, *pair[13];
		const char *image_id;
		bool by_image; /* "shared_layout": "image" */
		unsigned owner;
		const char *group;
		enum reason reason;
	} of[] = {
		{ "asked", { YES }, DIGEST, false, 0, "image:" DIGEST, REASON_NONE },
		{ "asked, by image", { YES }, DIGEST, true, 0, "image:" DIGEST, REASON_NONE },
		{ "its name first", { YES, NAME }, DIGEST, false, 0, "group:web", REASON_NONE },
		{ "a user's", { YES }, DIGEST, false, 1000, "uid:1000", REASON_NONE },
		{ "an annotation that is believed",
		  { YES, NS, IMG },
		  DIGEST,
		  false,
		  0,
		  "prod/image:docker.io/library/python:3.12",
		  REASON_NONE },
		{ "a pod that cannot be told",
		  { YES, IMG },
		  DIGEST,
		  false,
		  0,
		  "",
		  REASON_LAYOUT_GROUP_UNKNOWN },
		{ "did not ask", { MERGE }, DIGEST, false, 0, "", REASON_NONE },
		{ "did not ask, by image",
		  { MERGE },
		  DIGEST,
		  true,
		  0,
		  "image:" DIGEST,
		  REASON_NONE },
		{ "nor is it merged, by image", { NAME }, DIGEST, true, 0, "", REASON_NONE },
		{ "does not want, by image",
		  { MERGE, "io.ksm.layout", "private" },
		  DIGEST,
		  true,
		  0,
		  "",
		  REASON_NONE },
		{ "a user's, by image",
		  { MERGE },
		  DIGEST,
		  true,
		  1000,
		  "image:" DIGEST,
		  REASON_NONE },
		{ "of no image, by image",
		  { MERGE },
		  NULL,
		  true,
		  0,
		  "",
		  REASON_LAYOUT_IMAGE_UNKNOWN },
		{ "a user's of no image, by image",
		  { MERGE },
		  NULL,
		  true,
		  1000,
		  "",
		  REASON_LAYOUT_IMAGE_UNKNOWN },
		{ "of a pod, by image",
		  { MERGE, NS, POD },
		  NULL,
		  true,
		  0,
		  "",
		  REASON_LAYOUT_IMAGE_UNKNOWN },
		{ "an annotation that is believed, by image",
		  { MERGE, NS, IMG },
		  NULL,
		  true,
		  0,
		  "prod/image:docker.io/library/python:3.12",
		  REASON_NONE },
		{ "its name, by image",
		  { MERGE, NAME },
		  NULL,
		  true,
		  0,
		  "group:web",
		  REASON_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct policy_config c = { .shared_layout = true,
					   .shared_by_image = of[i].by_image,
					   .owner = of[i].owner };
		struct decision d;

		check_case = of[i].what;
		d = layout_decide_image(&c, of[i].pair, of[i].image_id);
		CHECK_TEXT(d.group, of[i].group);
		CHECK_INT(d.unshared_reason, of[i].reason);
	}
	check_case = "";
}

int main(void)
{
	RUN(images_by_id);
	return check_end();
}
