/* SPDX-License-Identifier: Apache-2.0 */
/* hook/nri/nri_sync.c: lists of what runs already, in one message and in several. */
#include "nri/nri_sync.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "nri/nri_rpc.h"

#define CONTAINERS_MAX 100000

static struct nri_sync sync_list;
static struct error err;
static size_t alone; /* lists that were one message */

/* One message, of a pod and as many containers in it. */
static int add(const char *pod_id, size_t n, bool more, const Nri__Synchronize **all)
{
	Nri__PodSandbox pod = NRI__POD_SANDBOX__INIT, *pods[] = { &pod };
	static Nri__Container *containers[CONTAINERS_MAX];
	Nri__Container c = NRI__CONTAINER__INIT;
	Nri__Synchronize s = NRI__SYNCHRONIZE__INIT;
	ProtobufCBinaryData payload;
	int r;

	pod.id = (char *)pod_id;
	c.pod_sandbox_id = (char *)pod_id;
	for (size_t i = 0; i < n; i++)
		containers[i] = &c;
	s.pods = pods;
	s.n_pods = 1;
	s.containers = containers;
	s.n_containers = n;
	s.more = more;
	payload.len = nri__synchronize__get_packed_size(&s);
	payload.data = malloc(payload.len);
	nri__synchronize__pack(&s, payload.data);
	err.msg[0] = '\0';
	*all = NULL;
	r = nri_sync_add(&sync_list, &s, &payload, all, &err);
	free(payload.data);
	if (*all == &s) {
		/* it is looked at while the message is there */
		CHECK_INT(s.n_containers, n);
		CHECK(nri_sync_pod(&s, pod_id) == &pod);
		*all = NULL;
		alone++;
	}
	return r;
}

static void one_message(void)
{
	const Nri__Synchronize *all = NULL;

	CHECK_INT(add("p1", 3, false, &all), 0);
	CHECK_INT(alone, 1);
	CHECK_INT(sync_list.len, 0);
}

static void several(void)
{
	const Nri__Synchronize *all;

	CHECK_INT(add("p1", 2, true, &all), 0);
	CHECK(!all);
	CHECK_INT(add("p2", 3, true, &all), 0);
	CHECK(!all);
	CHECK_INT(add("p3", 1, false, &all), 0);
	if (CHECK(all)) {
		CHECK_INT(all->n_pods, 3);
		CHECK_INT(all->n_containers, 6);
		CHECK(nri_sync_pod(all, "p2") == all->pods[1]);
		CHECK(!nri_sync_pod(all, "p4"));
	}
	CHECK_INT(sync_list.len, 0);
	nri_rpc_release();
}

/* What does not fit is said, and the next list is a new one. */
static void too_many(void)
{
	const Nri__Synchronize *all;
	size_t n = 0;

	while (add("a-pod-with-a-name", CONTAINERS_MAX, true, &all) == 0 && n < 100)
		n++;
	CHECK(n > 0 && n < 100 && !all);
	CHECK_INT(err.reason, REASON_NRI_PROTOCOL);
	CHECK_HAS(err.msg, "too many containers");
	CHECK_INT(add("a-pod-with-a-name", CONTAINERS_MAX, false, &all), -EFBIG);
	CHECK(!all);
	several();
}

int main(void)
{
	sync_list.bytes = nri_rpc_map(NRI_SYNC_MAX);
	if (!sync_list.bytes || nri_rpc_reserve(&err) < 0)
		return 1;
	RUN(one_message);
	RUN(several);
	RUN(too_many);
	return check_end();
}
