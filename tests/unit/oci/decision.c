/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at raw bytes says, what the readers do with a text, and what is decided of it. */
#include "oci/decision.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "oci/config_load.h"
#include "oci/requests.h"

static void may_request(void)
{
#define MAY(text) decision_may_request(text, strlen(text))
	CHECK(!MAY("{\"annotations\":{\"io.kubernetes.x\":\"a\"}}"));
	CHECK(MAY("{\"annotations\":{\"io.ksm.merge\":\"true\"}}"));
	CHECK(MAY("{\"annotations\":{\"io.ksm.\\u006derge\":\"true\"}}"));
	CHECK(MAY("{\"annotations\":{\"io\\u002Eksm.merge\":\"true\"}}"));
	CHECK(MAY("{\"annotations\":{\"io\\u002eksm.merge\":\"true\"}}"));
	CHECK(!MAY("{\"annotations\":{\"io\\u002dksm.merg\":\"true\"}}"));
	CHECK(!MAY("\\u002fe\\u002de"));
	CHECK(MAY("\\u003c\\u0070"));
	CHECK(!MAY("{\"annotations\":{\"x\":\"\\u003c\"}}"));
	CHECK(!MAY("\\u00"));
	CHECK(!MAY("\\u002f\\u0020"));
	/* what stands behind its end is not the text's */
	CHECK(!decision_may_request("{}io.ksm.merge", 2));
#undef MAY
}

static void states(void)
{
	static const struct policy_config policy = { 0 };
	struct decision_request request =
		request_of(STATE(",\"pid\":4711,\"status\":\"running\"" ASKS), &policy);
	struct container_decision out = { .pid = -1 };
	struct error err = { "" };

	CHECK_INT(decision_read_state(&request, &policy, &out, &err), 0);
	CHECK_TEXT(out.id, "web-1");
	CHECK_TEXT(out.bundle, "/run/b");
	CHECK_INT(out.pid, 4711);
	CHECK(out.running);
	CHECK(out.decision.merge);
	CHECK_INT(out.decision.reason, REASON_REQUESTED);
	request = request_of(STATE(",\"pid\":4711,\"status\":\"created\""), &policy);
	out = (struct container_decision){ 0 };
	CHECK_INT(decision_read_state(&request, &policy, &out, &err), 0);
	CHECK(!out.running && !out.decision.merge);
	CHECK_INT(out.decision.reason, REASON_NOT_REQUESTED);
	/* what its monitor calls it, where it is that of this container */
	{
		static const struct conmon_args its = { .id = "web-1", .name = "monitored" },
						other = { .id = "web-2", .name = "monitored" };

		request.engine = ENGINE_PODMAN;
		request.monitor = &its;
		out = (struct container_decision){ 0 };
		CHECK_INT(decision_read_state(&request, &policy, &out, &err), 0);
		CHECK_TEXT(out.metadata.container, "monitored");
		request.monitor = &other;
		CHECK_INT(decision_read_state(&request, &policy, &out, &err), 0);
		CHECK_TEXT(out.metadata.container, "");
	}
	/* of what is no state nothing is taken */
	request = request_of("{\"id\":\"web-1\",\"bundle\":\"/run/b\",", &policy);
	out = (struct container_decision){ 0 };
	CHECK(decision_read_state(&request, &policy, &out, &err) < 0);
	CHECK_TEXT(out.id, "");
	CHECK_TEXT(out.bundle, "");
	CHECK(err.msg[0] != '\0');
}

/* The whole way, through the sandbox. */
static void decided(void)
{
	static const struct {
		const char *text;
		bool config_requires; /* and not only the container */
		int sign;             /* of what is returned */
		bool merge, required;
		enum reason reason;
	} of[] = {
		{ STATE(ASKS), false, 0, true, false, REASON_REQUESTED },
		{ STATE(REQUIRES), false, 0, true, true, REASON_REQUESTED },
		{ STATE(ASKS), true, 0, true, true, REASON_REQUESTED },
		/* what nobody wants cannot be required */
		{ STATE(""), true, 0, false, false, REASON_NOT_REQUESTED },
		/* what cannot be read says nothing, but the configuration still does */
		{ STATE(ASKS) "x", false, -1, false, false, REASON_NONE },
		{ STATE(ASKS) "x", true, -1, false, true, REASON_NONE },
		{ "{", true, -1, false, true, REASON_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		const struct policy_config policy = { .required = of[i].config_requires };
		struct decision_request request = request_of(of[i].text, &policy);
		struct container_decision out = { .pid = 1 };
		struct error err = { "" };
		int r = decision_make(&request, &out, &err);

		check_case = of[i].text;
		CHECK_INT((r > 0) - (r < 0), of[i].sign);
		CHECK_INT(err.msg[0] != '\0', r < 0);
		CHECK_INT(out.decision.merge, of[i].merge);
		CHECK_INT(out.decision.required, of[i].required);
		CHECK_INT(out.decision.reason, of[i].reason);
	}
}

/* config.json by the same way: what is found in it comes back as a whole. */
static void specs(void)
{
	static const char text[] =
		"{\"annotations\":{\"io.ksm.merge\":\"true\"},\"root\":{\"path\":\"/r\"},"
		"\"linux\":{\"cgroupsPath\":\"/libpod-12ab\"},"
		"\"process\":{\"env\":[\"PATH=/bin\"],\"args\":[\"sh\"]}}";
	static const unsigned owners[] = { 4711, 4712 };
	const struct policy_config policy = {
		.audit = true, .deny = { { { .glob = { [TRUSTED_USER] = "4711" } } }, 1 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct decision_request request = request_of(text, &policy);
		static struct container_decision out;
		struct error err = { "" };

		request.reader = decision_read_spec;
		request.owner = &owners[i];
		CHECK_INT(decision_make(&request, &out, &err), 0);
		CHECK_INT(out.decision.merge, owners[i] != 4711);
		CHECK_TEXT(out.spec.root, "/r");
		CHECK_TEXT(out.spec.id, "12ab");
		CHECK_TEXT(out.spec.program, "sh");
		CHECK_TEXT(out.spec.path, "/bin");
		CHECK(out.decision.audit);
	}
}

/* A text of which the reader got only a part decides nothing. */
static void unread(void)
{
	const struct policy_config policy = { .required = true };
	const struct error why = { .msg = "cut off" }, wordless = { .msg = "" };
	struct decision_request request = request_of(STATE(ASKS), &policy);
	struct container_decision out;
	struct error err = { "" };

	request.unread = &why;
	CHECK_INT(decision_make(&request, &out, &err), -EINVAL);
	CHECK_TEXT(err.msg, "cut off");
	CHECK(out.decision.required);
	CHECK(out.failed);
	request.unread = NULL;
	CHECK_INT(decision_make(&request, &out, &err), 0);
	CHECK(out.decision.merge && !out.failed);
	/* nor does it with nothing to say of that */
	request.unread = &wordless;
	CHECK_INT(decision_make(&request, &out, &err), -EINVAL);
	CHECK(out.decision.required);
	/* and where there is nothing to read */
	request.reader = NULL;
	request.unread = &why;
	CHECK_INT(decision_make(&request, &out, &err), -EINVAL);
	CHECK(out.decision.required && !out.decision.merge);
}

/* Who wrote the state is seen from its bundle, and so is what its annotations are worth. */
static void engines(void)
{
#define CRI(bundle)                                                                            \
	"{\"id\":\"c1\",\"bundle\":\"" bundle "\",\"annotations\":{\"io.ksm.merge\":\"true\"," \
	"\"io.kubernetes.cri.sandbox-name\":\"web-1\","                                        \
	"\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}"
#define TASK "/run/containerd/io.containerd.runtime.v2.task/"
	static const struct {
		const char *text;
		enum container_engine engine;
		const char *pod;
	} of[] = {
		{ CRI(TASK "k8s.io/c1"), ENGINE_UNKNOWN, "web-1" },
		{ CRI(TASK "moby/c1"), ENGINE_UNKNOWN, "" },
		{ CRI("/run/b"), ENGINE_UNKNOWN, "" },
		{ CRI("/run/b"), ENGINE_CONTAINERD_CRI, "web-1" },
		{ CRI(TASK "k8s.io/c1"), ENGINE_PODMAN, "" },
	};
	static const struct policy_config policy = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct decision_request request = request_of(of[i].text, &policy);
		static struct container_decision out;
		struct error err = { "" };

		check_case = of[i].text;
		request.engine = of[i].engine;
		CHECK_INT(decision_make(&request, &out, &err), 0);
		CHECK(out.decision.merge);
		CHECK_TEXT(out.metadata.pod, of[i].pod);
	}
}

static int dies(const struct decision_request *request, const struct policy_config *policy,
		struct container_decision *out, struct error *e)
{
	(void)request, (void)policy, (void)out, (void)e;
	_exit(0);
}

static int takes_for_ever(const struct decision_request *request,
			  const struct policy_config *policy, struct container_decision *out,
			  struct error *e)
{
	(void)request, (void)policy, (void)out, (void)e;
	for (volatile bool on = true; on;)
		;
	return 0;
}

/* What no reader of ours would send. */
static int talks_nonsense(const struct decision_request *request,
			  const struct policy_config *policy, struct container_decision *out,
			  struct error *e)
{
	(void)request, (void)policy, (void)e;
	out->decision.merge = true;
	out->decision.reason = REASON_REQUESTED;
	out->pid = -1;
	return 0;
}

static int fails_without_a_word(const struct decision_request *request,
				const struct policy_config *policy,
				struct container_decision *out, struct error *e)
{
	(void)request, (void)policy;
	out->decision.merge = true;
	out->decision.reason = REASON_REQUESTED;
	*e = (struct error){ "" };
	return -EINVAL;
}

static int decides_and_talks(const struct decision_request *request,
			     const struct policy_config *policy, struct container_decision *out,
			     struct error *e)
{
	(void)request, (void)policy, (void)e;
	out->decision.merge = true;
	out->decision.reason = REASON_REQUESTED;
	(void)err_set(&out->err, EINVAL, "not a word of it is true");
	return 0;
}

/* Whether there is a decision is no matter of words. */
static void by_no_text(void)
{
	static const struct policy_config policy = { .required = true };
	struct decision_request request = request_of(STATE(ASKS), &policy);
	static struct container_decision out;
	struct error err = { "" };

	request.reader = fails_without_a_word;
	CHECK_INT(decision_make(&request, &out, &err), -EINVAL);
	CHECK(!out.decision.merge && out.decision.required);
	CHECK_INT(out.decision.reason, REASON_NONE);
	request.reader = decides_and_talks;
	CHECK_INT(decision_make(&request, &out, &err), 0);
	CHECK(out.decision.merge && out.decision.required);
}

static int names_a_group(const struct decision_request *request,
			 const struct policy_config *policy, struct container_decision *out,
			 struct error *e)
{
	(void)request, (void)policy, (void)e;
	out->decision.merge = true;
	out->decision.reason = REASON_REQUESTED;
	snprintf(out->decision.group, sizeof(out->decision.group), "prod/name:web");
	return 0;
}

static int asks_for_v8(const struct decision_request *request,
		       const struct policy_config *policy, struct container_decision *out,
		       struct error *e)
{
	int r = names_a_group(request, policy, out, e);

	out->decision.v8 = true;
	return r;
}

/* Whatever a parser does that was taken over, what is known without it stays true. */
static void taken_over(void)
{
	static const struct {
		decision_reader *reader;
		int timeout_ms;
		bool shared_layout, shared_v8;
		enum reason reason;
	} of[] = {
		{ dies, 60000, false, false, REASON_PARSER_FAILED },
		{ takes_for_ever, 20, false, false, REASON_PARSER_TIMEOUT },
		{ talks_nonsense, 60000, false, false, REASON_PARSER_REPLY },
		{ names_a_group, 60000, false, false, REASON_PARSER_REPLY },
		{ names_a_group, 60000, true, false, REASON_NONE },
		{ asks_for_v8, 60000, true, false, REASON_PARSER_REPLY },
		{ asks_for_v8, 60000, true, true, REASON_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		const struct policy_config policy = { .required = true,
						      .audit = true,
						      .shared_layout = of[i].shared_layout,
						      .shared_v8 = of[i].shared_v8 };
		struct decision_request request = request_of(STATE(ASKS), &policy);
		static struct container_decision out;
		struct error err = { "" };
		int r;

		memset(&out, 0xff, sizeof(out));
		request.reader = of[i].reader;
		request.timeout_ms = of[i].timeout_ms;
		r = decision_make(&request, &out, &err);
		CHECK_INT(r < 0, of[i].reason != REASON_NONE);
		CHECK_INT(err.reason, of[i].reason);
		CHECK_INT(out.decision.merge, r == 0);
		CHECK_INT(out.decision.required, true);
		CHECK(!out.decision.v8 || of[i].shared_v8);
		CHECK_TEXT(out.decision.group, r == 0 ? "prod/name:web" : "");
		CHECK(r == 0 || out.decision.audit);
	}
}

/*
 * Whose a container is, is asked where the configuration says anything that depends on it, by
 * whichever spelling. Of another user, so in a child: whether it is as it should be.
 */
static bool is_whose(const char *config, const char *group, bool merge)
{
	struct decision_request request =
		request_of(STATE(",\"annotations\":{\"io.ksm.merge\":\"true\","
				 "\"io.ksm.layout\":\"shared\"}"),
			   NULL);
	static struct container_decision out;
	struct error err = { "" };
	int status = -1;
	pid_t pid;
	FILE *f;

	f = fopen("/etc/ksm-hook/config.json", "w");
	if (!f || fputs(config, f) < 0 || fclose(f) != 0)
		return false;
	config_forget();
	pid = fork();
	if (pid == 0) {
		request.config_path = "/etc/ksm-hook/config.json";
		_exit(seteuid(4711) < 0 || decision_make(&request, &out, &err) < 0 ||
		      out.decision.merge != merge || strcmp(out.decision.group, group) != 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void whose(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/etc", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir("/etc/ksm-hook", 0755) < 0)
		return;
	CHECK(is_whose("{}", "", true));
	CHECK(is_whose("{\"shared_layout\": true}", "uid:4711", true));
	CHECK(is_whose("{\"deny\": [{\"user\": \"4711\"}]}", "", false));
	CHECK(is_whose("{\"deny\": [{\"user\": \"0\"}]}", "", true));
	CHECK(is_whose("{\"deny\": [{\"us\\u0065r\": \"4711\"}]}", "", false));
	CHECK(is_whose("{\"shared_l\\u0061yout\": true}", "uid:4711", true));
}

int main(void)
{
	RUN(engines);
	RUN(taken_over);
	RUN(by_no_text);
	RUN(may_request);
	RUN(states);
	RUN(decided);
	RUN(specs);
	RUN(unread);
	RUN(whose);
	return check_end();
}
