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

/* Those of one image by their projects; rules see the image alone. */
static void projects(void)
{
	static const struct {
		const char *what, *pair[13];
		const char *image_id, *project;
		unsigned owner;
		const char *deny, *allow, *group;
		enum reason reason;
	} of[] = {
		{ "of one",
		  { YES },
		  DIGEST,
		  "shop",
		  0,
		  NULL,
		  NULL,
		  "shop/image:" DIGEST,
		  REASON_NONE },
		{ "of another",
		  { YES },
		  DIGEST,
		  "a.b_c-9",
		  0,
		  NULL,
		  NULL,
		  "a.b_c-9/image:" DIGEST,
		  REASON_NONE },
		{ "it names its group",
		  { YES, NAME },
		  DIGEST,
		  "shop",
		  0,
		  NULL,
		  NULL,
		  "group:web",
		  REASON_NONE },
		{ "a user's",
		  { YES },
		  DIGEST,
		  "shop",
		  1000,
		  NULL,
		  NULL,
		  "uid:1000",
		  REASON_NONE },
		{ "an annotation that is believed",
		  { YES, NS, IMG },
		  DIGEST,
		  "shop",
		  0,
		  NULL,
		  NULL,
		  "prod/image:docker.io/library/python:3.12",
		  REASON_NONE },
		{ "the image is not known",
		  { YES },
		  NULL,
		  "shop",
		  0,
		  NULL,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_UNKNOWN },
		{ "what is no name is not none",
		  { YES },
		  DIGEST,
		  "?",
		  0,
		  NULL,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_NAME },
		{ "nor is an empty one",
		  { YES },
		  DIGEST,
		  "",
		  0,
		  NULL,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_NAME },
		{ "of two parts",
		  { YES },
		  DIGEST,
		  "prod/shop",
		  0,
		  NULL,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_NAME },
		{ "like a kind",
		  { YES },
		  DIGEST,
		  "group:web",
		  0,
		  NULL,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_NAME },
		{ "its image is denied",
		  { YES },
		  DIGEST,
		  "shop",
		  0,
		  "image:" DIGEST,
		  NULL,
		  "",
		  REASON_LAYOUT_GROUP_DENIED },
		{ "its image is allowed",
		  { YES },
		  DIGEST,
		  "shop",
		  0,
		  NULL,
		  "image:*",
		  "shop/image:" DIGEST,
		  REASON_NONE },
		{ "a project cannot be allowed, as an image may choose its name",
		  { YES },
		  DIGEST,
		  "shop",
		  0,
		  NULL,
		  "shop/*",
		  "",
		  REASON_LAYOUT_GROUP_NOT_ALLOWED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct policy_config c = { .shared_layout = true, .owner = of[i].owner };
		struct decision d;

		check_case = of[i].what;
		c.deny_groups = (struct policy_globs){ { of[i].deny }, of[i].deny != NULL };
		c.allow_groups = (struct policy_globs){ { of[i].allow }, of[i].allow != NULL };
		d = layout_decide_project(&c, of[i].pair, of[i].image_id, of[i].project);
		CHECK_TEXT(d.group, of[i].group);
		CHECK_INT(d.unshared_reason, of[i].reason);
	}
	check_case = "";
}

/* As long as a group's name may be, and a letter more. */
static void long_projects(void)
{
	static const char *const pair[] = { YES, NULL };
	const size_t rest = strlen("/image:" DIGEST);
	struct policy_config c = { .shared_layout = true };
	char project[POLICY_GROUP_MAX + 1] = "";

	for (size_t n = 1; n < sizeof(project); n++) {
		struct decision d;

		project[n - 1] = 'p';
		d = layout_decide_project(&c, pair, DIGEST, project);
		CHECK_INT(strlen(d.group), n + rest < POLICY_GROUP_MAX ? n + rest : 0);
		CHECK_INT(d.unshared_reason,
			  n + rest < POLICY_GROUP_MAX ? REASON_NONE : REASON_LAYOUT_GROUP_NAME);
		CHECK(!d.group[0] || strcmp(d.group + n, "/image:" DIGEST) == 0);
	}
}

int main(void)
{
	RUN(images_by_id);
	RUN(projects);
	RUN(long_projects);
	return check_end();
}
