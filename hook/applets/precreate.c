/* SPDX-License-Identifier: Apache-2.0 */
/* The podman hook stage precreate: give a container the preload library by its config.json. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "kernel/ksm_probe.h"
#include "layout/layout.h"
#include "oci/bundle_edit.h"
#include "oci/decision.h"
#include "oci/decision_settle.h"
#include "oci/spec.h"

/* podman's own are below 100 KiB; what is larger than this passes through unread. */
#define SPEC_MAX         JSON_SCAN_MAX
#define SPEC_TIMEOUT_MS  5000
#define PARSE_TIMEOUT_MS 3000

static char *spec_text; /* SPEC_MAX + 1 bytes */

struct precreate {
	const char *config_path, *preload_library;
	const char *id; /* the container's, where the caller knows it; else NULL */
	size_t len;
};

/* All of it, or the container fails: podman refuses what is truncated. */
static int emit(struct iovec *piece, int n)
{
	while (n > 0) {
		ssize_t done = writev(STDOUT_FILENO, piece, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			log_error("the container is refused: standard output: %s",
				  strerror(errno));
			return 1;
		}
		while (n > 0 && (size_t)done >= piece->iov_len) {
			done -= (ssize_t)piece->iov_len;
			piece++;
			n--;
		}
		if (n > 0) {
			piece->iov_base = (char *)piece->iov_base + done;
			piece->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static int emit_unchanged(size_t len)
{
	struct iovec all = { spec_text, len };

	return emit(&all, 1);
}

/* The text in the buffer and all that is still to come. */
static int emit_rest(size_t len)
{
	int status = emit_unchanged(len);
	ssize_t n;

	while (status == 0 && (n = read(STDIN_FILENO, spec_text, SPEC_MAX)) != 0) {
		if (n > 0)
			status = emit_unchanged((size_t)n);
		else if (errno != EINTR)
			return 1;
	}
	return status;
}

/* Left as it is; 1 where merging is required and there is no other way to it. */
static int give_up(const struct decision *d, bool only_way, const struct error *err)
{
	if (only_way && d->required) {
		log_reason(LOG_LEVEL_ERROR, err->reason,
			   "the preload library is not added, and merging is required, so the "
			   "container is refused: %s",
			   err->msg);
		return 1;
	}
	log_reason(LOG_LEVEL_WARNING, err->reason, "the preload library is not added: %s%s",
		   err->msg, only_way ? "" : "; the poststart hook makes up for it");
	return 0;
}

/* Is the library to be added at this stage? *only_way: nothing else would make it mergeable. */
static bool wants_library(enum policy_method method, enum probe_way way, bool *only_way)
{
	*only_way = method == METHOD_PRELOAD || way != PROBE_EACH_EXEC;
	if (bundle_needs_library(method, way))
		return true;
	log_info(method == METHOD_INJECT ?
			 "method inject: nothing to do at this stage" :
			 "method auto: on this kernel the createRuntime hook does it");
	return false;
}

/* A container that is to be merged; *status is set where it is refused. */
static void edit_spec(const struct precreate *in, const struct container_decision *c,
		      struct spec_edit *edit, int *status)
{
	struct spec_additions additions = { 0 };
	struct layout_seeds seeds;
	enum probe_way way = c->decision.method == METHOD_INJECT ? PROBE_INHERIT : probe_way();
	struct error err;
	bool only_way;
	int r;

	if (wants_library(c->decision.method, way, &only_way) &&
	    bundle_add_library(&c->spec, in->preload_library, way, &additions, &err) < 0)
		*status = give_up(&c->decision, only_way, &err);
	if (c->decision.group[0] && bundle_takes_seeds(&c->spec, c->decision.v8) &&
	    layout_reserve(&c->decision, in->id ? in->id : c->spec.id, &seeds) == 0) {
		bundle_add_seeds(&c->spec, seeds.python, seeds.perl, seeds.v8, &additions);
		if (seeds.v8[0] && !additions.preload)
			log_warning(BUNDLE_V8_LEFT_OUT);
	}
	if (!additions.preload && !additions.variables)
		return;
	r = spec_edit(spec_text, in->len, &c->spec, &additions, edit, &err);
	if (r < 0)
		edit->n = 0;
	if (r < 0 && additions.preload)
		*status = give_up(&c->decision, only_way, &err);
	else if (r < 0)
		log_reason(LOG_LEVEL_WARNING, err.reason,
			   "the group's hash seeds are not added: %s", err.msg);
	else if (additions.preload)
		log_info(edit->n > 1 ? "added the preload library" :
				       "has the preload library already");
}

static int refuse(const struct error *err)
{
	log_reason(LOG_LEVEL_ERROR, err->reason, "the container is refused: %s", err->msg);
	return 1;
}

/* Seen without parsing, so that nobody has to wonder where the rest is. */
static int refuse_truncated(void)
{
	log_reason(LOG_LEVEL_ERROR, REASON_SPEC_TRUNCATED,
		   "the container is refused: its config.json is truncated or is no JSON");
	return 1;
}

/* What is no JSON is refused whatever was asked: podman would fail with it. */
static int decide_edit(struct precreate *in, struct spec_edit *edit)
{
	const struct decision_request request = { .config_path = in->config_path,
						  .text = spec_text,
						  .len = in->len,
						  .reader = decision_read_spec,
						  .engine = ENGINE_PODMAN,
						  .timeout_ms = PARSE_TIMEOUT_MS };
	struct container_decision c = { 0 };
	struct error err;
	int status = 0, r = decision_make(&request, &c, &err);

	if (c.log_given)
		log_set_level(c.log);
	if (c.spec.id[0])
		log_set_subject(c.spec.id, 0);
	if (c.syntax)
		return refuse(&c.err);
	/* nobody has read it to its end */
	if (c.decision.reason == REASON_NONE && !spec_is_whole(spec_text, in->len))
		return refuse_truncated();
	if (r < 0) {
		status = give_up(&c.decision, true, &err);
		decision_failed(&c, c.spec.id[0] ? c.spec.id : in->id, &err, status != 0);
		return status;
	}
	if (c.decision.reason == REASON_NONE)
		return 0;
	decision_settle(&c, c.spec.id[0] ? c.spec.id : in->id);
	if (c.decision.merge)
		edit_spec(in, &c, edit, &status);
	return status;
}

/* Too much to read: as if nobody could tell whether this container asked. */
static int pass_large(struct precreate *in)
{
	struct error unread, err;
	const struct decision_request request = { .config_path = in->config_path,
						  .text = "",
						  .unread = &unread,
						  .timeout_ms = PARSE_TIMEOUT_MS };
	struct container_decision c;
	int refused;

	(void)err_reason(&unread, REASON_SPEC_UNREADABLE,
			 err_set(&unread, EFBIG,
				 "config.json of the container: longer than %u bytes",
				 SPEC_MAX));
	(void)decision_make(&request, &c, &err);
	refused = give_up(&c.decision, true, &err);
	decision_failed(&c, in->id, &err, refused != 0);
	return refused ? 1 : emit_rest(SPEC_MAX + 1);
}

/*
 * Wrong usage is reported, but not at the cost of every container: of those only that require
 * merging.
 */
static int report_misuse(struct precreate *in, const char *what)
{
	ssize_t n = read_all(STDIN_FILENO, spec_text, SPEC_MAX, SPEC_TIMEOUT_MS);
	const struct decision_request request = { .config_path = in->config_path,
						  .text = spec_text,
						  .len = n > 0 ? (size_t)n : 0,
						  .reader = decision_read_spec,
						  .engine = ENGINE_PODMAN,
						  .timeout_ms = PARSE_TIMEOUT_MS };
	struct container_decision c;
	struct error err;
	bool refused = false;

	if (n > 0) {
		int r = decision_make(&request, &c, &err);

		refused = c.decision.required && (r < 0 || c.decision.merge);
	}
	log_error("%s; %s, fix the hook's \"args\"", what,
		  refused ? "the container is refused, as merging is required" :
			    "nothing was done");
	if (refused)
		return 1;
	if (n == -EFBIG)
		return emit_rest(SPEC_MAX + 1);
	/* what came before it took too long; zeros follow */
	return n > 0 ? emit_unchanged((size_t)n) : emit_rest(strlen(spec_text));
}

static int edit_stdin(struct precreate *in)
{
	struct spec_edit edit = { .n = 0 };
	struct error err;
	int status;
	ssize_t n = read_all(STDIN_FILENO, spec_text, SPEC_MAX, SPEC_TIMEOUT_MS);

	if (n == -EFBIG)
		return pass_large(in);
	if (n == -ETIMEDOUT)
		err_set(&err, ETIMEDOUT,
			"config.json of the container: stdin did not end within %d ms",
			SPEC_TIMEOUT_MS);
	else if (n < 0)
		err_errno(&err, (int)-n, "config.json of the container on stdin");
	else if (n == 0)
		err_set(&err, EINVAL,
			"config.json of the container: stdin is empty; podman starts this, see "
			"ksm-hook(8)");
	if (n <= 0) {
		err.reason = REASON_SPEC_UNREADABLE;
		return refuse(&err);
	}
	in->len = (size_t)n;
	status = decide_edit(in, &edit);
	if (status != 0)
		return status;
	return edit.n ? emit(edit.piece, edit.n) : emit_unchanged(in->len);
}

static const struct command_syntax precreate_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.synopsis = "<CONFIG >CONFIG",
	.about =
		"Hook for podman's stage precreate: reads a container's config.json on standard\n"
		"input and writes it to standard output. Where the container is to use the\n"
		"preload library, that is added to LD_PRELOAD in the environment of its process\n"
		"and to its mounts; every other byte stays as it is.\n",
	.examples =
		"cat /usr/share/containers/oci/hooks.d/50-ksm-hook-precreate.json\n"
		"ksm-hook precreate <bundle/config.json >changed.json\n",
	.see_also = "ksm-hook-hooks(8), ksm-hook.conf(5), libksm_preload(7)",
	.option = {
		OPTION_TEXT(struct precreate, config_path, "config", "FILE",
			    "read this configuration instead of\n"
			    CONFIG_PATH),
		OPTION_TEXT(struct precreate, preload_library, "library", "FILE",
			    "add this library instead of\n"
			    PRELOAD_LIBRARY),
		OPTION_TEXT(struct precreate, id, "id", "ID",
			    "the container's id, where the caller knows it:\n"
			    "config.json does not have it. By default that of a\n"
			    "container of podman's, by its cgroup"),
		{ "" },
	},
};

int applet_precreate(int argc, char **argv)
{
	struct precreate in = { .config_path = CONFIG_PATH,
				.preload_library = PRELOAD_LIBRARY };
	struct error err;
	int r;

	log_init(argv[0], true);
	/* a reader that is gone is an error with a line in the log */
	surroundings_take();
	/* mapped, not static: the other applets have no use for it */
	spec_text = mmap(NULL, SPEC_MAX + 1, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (spec_text == MAP_FAILED) {
		log_error("memory for %u bytes: %s", SPEC_MAX, strerror(errno));
		return 1;
	}
	r = options_parse(&precreate_command, &argc, argv, &in, &err);
	if (r == 0)
		return edit_stdin(&in);
	if (r > 0)
		return 0;
	return report_misuse(&in, err.msg);
}
