/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back from the sandbox: every field that is not what our reader would send is found. */
#include "oci/decision_check.h"

#include "check.h"

#define TEXT_LEN 1000

/* A reply as of a container that is merged, with something in every field. */
static struct container_decision valid(void)
{
	static const struct container_decision reply = {
		.log_given = true,
		.log = LOG_LEVEL_DEBUG,
		.decision = { .merge = true,
			      .required = true,
			      .method = METHOD_PRELOAD,
			      .reason = REASON_REQUESTED,
			      .text = "annotation io.ksm.merge=true",
			      .group = "prod/image:docker.io/library/python:3.12@sha256:0" },
		.id = "web-1",
		.pid = 4711,
		.running = true,
		.bundle = "/run/b",
		.spec = { .env = SPEC_ENV_LIST,
			  .add = SPEC_ENV_LIST,
			  .mount = SPEC_MOUNT_ADD,
			  .profile = { [PROFILE_CALLS - 1] = PROFILE_KILLS },
			  .env_at = TEXT_LEN,
			  .add_at = TEXT_LEN,
			  .mount_at = TEXT_LEN,
			  .id = "web-1",
			  .root = "rootfs",
			  .program = "sh",
			  .path = "/bin" },
	};

	return reply;
}

static int checked(struct container_decision *d)
{
	struct error err = { "" };
	int r = decision_check(d, TEXT_LEN, &err);

	CHECK_INT(err.reason, r < 0 ? REASON_PARSER_REPLY : REASON_NONE);
	return r;
}

/* WHERE is set to bytes of which none is a NUL, or that are out of range. */
#define REFUSES_FILLED(field)                            \
	do {                                             \
		struct container_decision d = valid();   \
                                                         \
		check_case = #field;                     \
		memset(&d.field, 0xff, sizeof(d.field)); \
		CHECK_INT(checked(&d), -EPROTO);         \
		memset(&d.field, 'x', sizeof(d.field));  \
		CHECK_INT(checked(&d), -EPROTO);         \
	} while (0)

#define REFUSES(field, value)                          \
	do {                                           \
		struct container_decision d = valid(); \
                                                       \
		check_case = #field " " #value;        \
		d.field = value;                       \
		CHECK_INT(checked(&d), -EPROTO);       \
	} while (0)

#define REFUSES_TEXT(field, value)                     \
	do {                                           \
		struct container_decision d = valid(); \
                                                       \
		check_case = #field " " #value;        \
		strcpy(d.field, value);                \
		CHECK_INT(checked(&d), -EPROTO);       \
	} while (0)

static void what_is_valid(void)
{
	struct container_decision d = valid(), none = { .log = LOG_LEVEL_ERROR };

	CHECK_INT(checked(&d), 0);
	CHECK_INT(checked(&none), 0);
	CHECK_TEXT(d.decision.group, "prod/image:docker.io/library/python:3.12@sha256:0");
	CHECK_TEXT(d.spec.root, "rootfs");
}

static void numbers_out_of_range(void)
{
	/* a bool that is neither true nor false is one for memset() only */
	REFUSES_FILLED(syntax);
	REFUSES_FILLED(log_given);
	REFUSES_FILLED(log);
	REFUSES_FILLED(running);
	REFUSES_FILLED(failed);
	REFUSES_FILLED(syntax);
	REFUSES_FILLED(spec.blocker.reason);
	REFUSES_FILLED(decision.merge);
	REFUSES_FILLED(decision.required);
	REFUSES_FILLED(decision.no_economy);
	REFUSES_FILLED(decision.v8);
	REFUSES_FILLED(decision.method);
	REFUSES_FILLED(decision.reason);
	REFUSES_FILLED(decision.unshared_reason);
	REFUSES_FILLED(spec.env);
	REFUSES_FILLED(spec.add);
	REFUSES_FILLED(spec.mount);
	REFUSES_FILLED(spec.python_seed);
	REFUSES_FILLED(spec.perl_seed);
	REFUSES_FILLED(spec.v8_seed);
	REFUSES_FILLED(spec.profile);
	REFUSES_FILLED(spec.env_at);
	REFUSES_FILLED(spec.add_at);
	REFUSES_FILLED(spec.mount_at);
	REFUSES(pid, -1);
	REFUSES(log, LOG_LEVEL_DEBUG + 1);
	REFUSES(decision.method, METHOD_PRELOAD + 1);
	REFUSES(decision.reason, REASON_COUNT);
	REFUSES(decision.unshared_reason, REASON_COUNT);
	REFUSES(spec.blocker.reason, REASON_COUNT);
	REFUSES(spec.env, SPEC_ENV_LIST + 1);
	REFUSES(spec.add, SPEC_ENV_LIST + 1);
	REFUSES(spec.mount, SPEC_MOUNT_ADD + 1);
	for (int i = 0; i < PROFILE_CALLS; i++)
		REFUSES(spec.profile[i], PROFILE_KILLS + 1);
	REFUSES_FILLED(decision.would);
	REFUSES_FILLED(decision.audit);
	REFUSES(spec.env_at, TEXT_LEN + 1);
	REFUSES(spec.add_at, TEXT_LEN + 1);
	REFUSES(spec.mount_at, TEXT_LEN + 1);
}

static void texts_without_an_end(void)
{
	REFUSES_FILLED(id);
	REFUSES_FILLED(bundle);
	REFUSES_FILLED(decision.group);
	REFUSES_FILLED(spec.id);
	REFUSES_FILLED(spec.root);
	REFUSES_FILLED(spec.program);
	REFUSES_FILLED(spec.cwd);
	REFUSES_FILLED(spec.bind.destination);
	REFUSES_FILLED(spec.bind.source);
	REFUSES_FILLED(spec.path);
}

static void names_that_are_none(void)
{
	REFUSES_TEXT(id, "..");
	REFUSES_TEXT(id, ".");
	REFUSES_TEXT(id, "a/b");
	REFUSES_TEXT(id, "a\nb");
	REFUSES_TEXT(id, "a\033b");
	REFUSES_TEXT(id, "a\177b");
	REFUSES_TEXT(spec.id, "../x");
	REFUSES_TEXT(bundle, "relative");
	REFUSES_TEXT(bundle, "r");
	REFUSES_TEXT(id, "/");
	REFUSES_TEXT(spec.id, "/");
	REFUSES_TEXT(spec.id, ".");
	REFUSES_TEXT(decision.group, "g");
	REFUSES_TEXT(decision.group, "no-kind");
	REFUSES_TEXT(decision.group, "group:a b");
	REFUSES_TEXT(decision.group, "group:a\nb");
}

/* Fields that contradict each other. */
static void contradictions(void)
{
	REFUSES(decision.reason, REASON_NONE); /* merge, and nothing says why */
	REFUSES(decision.merge, false);        /* a group of what is not merged */
	REFUSES(syntax, true);                 /* no JSON, and decided all the same */
}

/* Messages may be any bytes, which their writers escape: they have an end, and no code that is none. */
static void messages_are_ended(void)
{
	struct container_decision d = valid();

	memset(d.err.msg, '\n', sizeof(d.err.msg));
	memset(&d.err.reason, 0xff, sizeof(d.err.reason));
	memset(d.spec.blocker.msg, 0xff, sizeof(d.spec.blocker.msg));
	memset(d.decision.text, '\033', sizeof(d.decision.text));
	memset(d.decision.warning, 'w', sizeof(d.decision.warning));
	memset(d.decision.unshared, '\177', sizeof(d.decision.unshared));
	memset(&d.metadata, '/', sizeof(d.metadata));
	CHECK_INT(checked(&d), 0);
	CHECK_INT(strlen(d.err.msg), sizeof(d.err.msg) - 1);
	CHECK_INT(d.err.reason, REASON_NONE);
	CHECK_INT(strlen(d.spec.blocker.msg), sizeof(d.spec.blocker.msg) - 1);
	/* a text in its place does not make it a blocker, nor is it that there is no decision */
	CHECK_INT(d.spec.blocker.reason, REASON_NONE);
	CHECK(!d.failed);
	CHECK_INT(strlen(d.decision.text), sizeof(d.decision.text) - 1);
	CHECK_INT(strlen(d.decision.warning), sizeof(d.decision.warning) - 1);
	CHECK_INT(strlen(d.decision.unshared), sizeof(d.decision.unshared) - 1);
	CHECK_INT(strlen(d.metadata.pod), sizeof(d.metadata.pod) - 1);
	/* the first code that is none */
	d = valid();
	d.err.reason = REASON_COUNT;
	CHECK_INT(checked(&d), 0);
	CHECK_INT(d.err.reason, REASON_NONE);
	/* and the last one that is one */
	d.err.reason = d.spec.blocker.reason = REASON_COUNT - 1;
	CHECK_INT(checked(&d), 0);
	CHECK_INT(d.err.reason, REASON_COUNT - 1);
	CHECK_INT(d.spec.blocker.reason, REASON_COUNT - 1);
}

static struct decision_settings valid_settings(void)
{
	struct decision_settings s = {
		.required = true,
		.log_given = true,
		.log = LOG_LEVEL_DEBUG,
		.max_sparse = INT64_MAX,
		.runtimes = POLICY_RUNTIMES_MAX,
	};

	for (size_t i = 0; i < POLICY_RUNTIMES_MAX; i++)
		snprintf(s.runtime[i], sizeof(s.runtime[i]), "/usr/bin/runc%zu", i);
	return s;
}

static int checked_settings(struct decision_settings *s)
{
	struct error err = { "" };
	int r = decision_settings_check(s, &err);

	CHECK_INT(err.reason, r < 0 ? REASON_PARSER_REPLY : REASON_NONE);
	return r;
}

static void settings_out_of_range(void)
{
	struct decision_settings most = valid_settings(), none = { .log = LOG_LEVEL_ERROR };

#define REFUSES_SETTING(change)                                \
	do {                                                   \
		struct decision_settings s = valid_settings(); \
                                                               \
		check_case = #change;                          \
		change;                                        \
		CHECK_INT(checked_settings(&s), -EPROTO);      \
	} while (0)
	CHECK_INT(checked_settings(&most), 0);
	CHECK_INT(checked_settings(&none), 0);
	REFUSES_SETTING(memset(&s.failed, 2, 1));
	REFUSES_SETTING(memset(&s.required, 2, 1));
	REFUSES_SETTING(memset(&s.log_given, 2, 1));
	REFUSES_SETTING(s.log = LOG_LEVEL_DEBUG + 1);
	REFUSES_SETTING(memset(&s.log, 0xff, sizeof(s.log)));
	REFUSES_SETTING(s.max_sparse = -1);
	REFUSES_SETTING(s.runtimes++);
	REFUSES_SETTING(memset(s.runtime[0], 'x', sizeof(s.runtime[0])));
	REFUSES_SETTING(memset(s.runtime[POLICY_RUNTIMES_MAX - 1], 'x', sizeof(s.runtime[0])));
	REFUSES_SETTING(strcpy(s.runtime[1], "../runc"));
	REFUSES_SETTING(strcpy(s.runtime[POLICY_RUNTIMES_MAX - 1], ""));
#undef REFUSES_SETTING
	/* what is not counted is not looked at, and a message is ended */
	check_case = "";
	most.runtimes = 1;
	memset(most.runtime[1], 'x', sizeof(most.runtime[1]));
	memset(&most.err, 0xff, sizeof(most.err));
	CHECK_INT(checked_settings(&most), 0);
	CHECK_INT(strlen(most.err.msg), sizeof(most.err.msg) - 1);
	CHECK_INT(most.err.reason, REASON_NONE);
}

int main(void)
{
	RUN(what_is_valid);
	RUN(numbers_out_of_range);
	RUN(texts_without_an_end);
	RUN(names_that_are_none);
	RUN(contradictions);
	RUN(messages_are_ended);
	RUN(settings_out_of_range);
	return check_end();
}
