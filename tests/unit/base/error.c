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

/* A reason is of one error: kept on its way up, gone with the next. */
static void reasons(void)
{
	struct error e;

	err_set(&e, EPERM, "x");
	CHECK_INT(e.reason, REASON_NONE);
	CHECK_INT(err_reason(&e, REASON_OPTED_OUT, -EPERM), -EPERM);
	CHECK_INT(e.reason, REASON_OPTED_OUT);
	err_wrap(&e, 0, "while testing");
	CHECK_INT(e.reason, REASON_OPTED_OUT);
	CHECK_TEXT(e.msg, "while testing: x");
	err_set(&e, EPERM, "y");
	CHECK_INT(e.reason, REASON_NONE);
	err_reason(&e, REASON_OPTED_OUT, 0);
	err_errno(&e, EPERM, "z");
	CHECK_INT(e.reason, REASON_NONE);
}

static void same(void)
{
	struct error a, b;

	err_set(&a, EPERM, "x");
	err_set(&b, EINVAL, "x");
	CHECK(err_same(&a, &b));
	err_reason(&b, REASON_OPTED_OUT, 0);
	CHECK(!err_same(&a, &b));
	err_reason(&a, REASON_OPTED_OUT, 0);
	CHECK(err_same(&a, &b));
	err_wrap(&b, 0, "while testing");
	CHECK(!err_same(&a, &b));
}

int main(void)
{
	RUN(same);
	RUN(errors);
	RUN(reasons);
	return check_end();
}
