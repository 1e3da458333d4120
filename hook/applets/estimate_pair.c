/* SPDX-License-Identifier: Apache-2.0 */
/* Two containers that share a layout already, as a measure for those that do not. */
#include "applets/estimate_pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "containers/targets.h"
#include "layout/layout_of.h"
#include "policy/policy_types.h"

/* Any of its processes tells: all inherit it, but for those that changed their user by exec. */
static bool group_of_target(const char *word, char *name, size_t size, struct error *err)
{
	struct target_set set = { 0 };
	pid_t *pid = NULL;
	bool found = false;
	ssize_t n = -1;

	if (target_resolve(&set, (char *const *)&word, 1, false, err) == 0)
		n = target_list(&set, &pid, err);
	for (ssize_t i = 0; i < n && !found; i++)
		found = layout_group_of(pid[i], name, size);
	if (n >= 0 && !found)
		err_set(err, ENOENT,
			"%s has no shared layout: start it with io.ksm.layout=shared, and "
			"both of a pair with one io.ksm.group",
			word);
	free(pid);
	target_free(&set);
	return found;
}

int estimate_add_pair(struct estimate *e, const char *const word[2], struct error *err)
{
	char first[POLICY_GROUP_MAX], second[POLICY_GROUP_MAX];
	struct target_set set = { 0 };
	struct estimate pair = { 0 };
	int r;

	if (!group_of_target(word[0], first, sizeof(first), err) ||
	    !group_of_target(word[1], second, sizeof(second), err))
		return -ENOENT;
	if (strcmp(first, second) != 0)
		return err_set(err, EINVAL,
			       "%s and %s have different layouts: of group %s and %s", word[0],
			       word[1], first, second);
	r = target_resolve(&set, (char *const *)word, 2, false, err);
	if (r == 0)
		r = estimate_targets(&pair, &set, ESTIMATE_PAIR, NULL, NULL, err);
	if (r == 0)
		r = estimate_like_pair(e, &pair, err);
	estimate_free(&pair);
	target_free(&set);
	return r;
}
