/* SPDX-License-Identifier: Apache-2.0 */
/* Errors that gather context. */
#include "base/error.h"

#include "check.h"

static void errors(void)
{
	struct error e;
	char big[1000];

	CHECK_INT(err_set(&e, EINVAL, "%s is %d", "x", 7), -EINVAL);
	CHECK_TEXT(e.msg, "x is 7");
	CHECK_INT(err_wrap(&e, -EPERM, "while %s", "testing"), -EPERM);
	CHECK_TEXT(e.msg, "while testing: x is 7");
	CHECK_INT(err_errno(&e, ENOENT, "open %s", "f"), -ENOENT);
	CHECK_TEXT(e.msg, "open f: No such file or directory");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_errno(&e, ENOENT, "%s", big);
	CHECK_INT(strlen(e.msg), sizeof(e.msg) - 1);
	err_set(&e, EINVAL, "inner");
	err_wrap(&e, 0, "%s", big);
	CHECK_INT(strlen(e.msg), sizeof(e.msg) - 1);
}

int main(void)
{
	errors();
	return check_end();
}
