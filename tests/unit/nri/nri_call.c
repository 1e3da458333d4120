/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that no reader of ours would send are refused. */
#include "nri/nri_call.h"

#include <errno.h>

#include "check.h"

static struct nri_call call;
static struct error err;

static void begin(void)
{
	memset(&call, 0, sizeof(call));
	call.kind = NRI_CALL_START;
	snprintf(call.container.id, sizeof(call.container.id), "c0ffee");
	call.container.pid = 7;
	call.container.decision.merge = true;
	call.container.decision.reason = REASON_REQUESTED;
}

static int check(void)
{
	return nri_call_check(&call, NRI_CALL_SIZE, &err);
}

static void refused(void)
{
	begin();
	CHECK_INT(check(), 0);
	CHECK_INT(nri_call_check(&call, NRI_CALL_SIZE - 1, &err), -EPROTO);
	CHECK_INT(nri_call_check(&call, 0, &err), -EPROTO);
	CHECK_INT(err.reason, REASON_PARSER_REPLY);
	call.kind = NRI_CALL_KINDS;
	CHECK_INT(check(), -EPROTO);
	memset(&call.kind, 0xff, sizeof(call.kind));
	CHECK_INT(check(), -EPROTO);
	begin();
	call.container.pid = -1;
	CHECK_INT(check(), -EPROTO);
	begin();
	memset(call.container.id, 'a', sizeof(call.container.id));
	CHECK_INT(check(), -EPROTO);
	begin();
	snprintf(call.container.id, sizeof(call.container.id), "../x");
	CHECK_INT(check(), -EPROTO);
	begin();
	memset(&call.container.failed, 2, 1);
	CHECK_INT(check(), -EPROTO);
	begin();
	memset(&call.container.decision.merge, 2, 1);
	CHECK_INT(check(), -EPROTO);
	for (size_t i = 0; i < NRI_USES; i++) {
		begin();
		memset(&call.can[i], 2, 1);
		CHECK_INT(check(), -EPROTO);
	}
	/* of a specification nothing is looked at, so there is no place in it */
	begin();
	memset(&call.takes_args, 2, 1);
	CHECK_INT(check(), -EPROTO);
	begin();
	call.container.decision.reason = REASON_COUNT;
	CHECK_INT(check(), -EPROTO);
}

/* and what is not sent is nothing */
static void texts_are_ended(void)
{
	begin();
	memset(call.text, 'a', sizeof(call.text));
	memset(call.container.err.msg, 'a', sizeof(call.container.err.msg));
	memset(&call.container.spec, 0xff, sizeof(call.container.spec));
	CHECK_INT(check(), 0);
	CHECK_INT(strlen(call.text), sizeof(call.text) - 1);
	CHECK_INT(strlen(call.container.err.msg), sizeof(call.container.err.msg) - 1);
	CHECK(!call.container.spec.id[0]);
}

int main(void)
{
	RUN(refused);
	RUN(texts_are_ended);
	return check_end();
}
