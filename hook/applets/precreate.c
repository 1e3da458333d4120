/* SPDX-License-Identifier: Apache-2.0 */
/* The podman hook stage precreate: give a container the preload library by its config.json. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/fault_injection.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/options.h"
#include "kernel/ksm_probe.h"
#include "kernel/sandbox.h"
#include "layout/layout.h"
#include "oci/hook_stage.h"
#include "oci/preload_check.h"
#include "oci/spec.h"
#include "policy/config.h"
#include "policy/layout_policy.h"

/* podman's own are below 100 KiB; what is larger than this passes through unread. */
#define SPEC_MAX         JSON_SCAN_MAX
#define SPEC_TIMEOUT_MS  5000
#define PARSE_TIMEOUT_MS 3000

static char *spec_text; /* SPEC_MAX + 1 bytes */
static char config_text[CONFIG_MAX + 1];

struct input {
	const char *config_path, *preload_path;
	const char *id; /* the container's, where the caller knows it; else NULL */
	size_t spec_len, config_len;
	unsigned owner;
};

/* What the confined parser hands over. */
struct verdict {
	struct error err; /* why there is no decision; empty if there is one */
	bool syntax;      /* it is that the text is no JSON */
	bool log_given;
	enum log_level log;
	struct decision decision;
	struct spec spec;
};

_Static_assert(sizeof(struct verdict) <= PIPE_BUF, "the answer must fit one pipe write");

/* In the confined process. */
static void parse(const void *arg, void *answer)
{
	static struct policy_config config;
	const struct input *in = arg;
	struct verdict *v = answer;
	struct error err;

	if (config_parse(in->config_path, config_text, in->config_len, &config, &v->err) < 0)
		config = (struct policy_config){ 0 };
	config.owner = in->owner;
	v->log_given = config.log_given;
	v->log = config.log;
	v->decision.required = config.required;
	if (in->spec_len == 0)
		return;
	fault_in_parser(answer, sizeof(*v));
	if (spec_parse(spec_text, in->spec_len, &config, &v->spec, NULL, &v->decision,
		       &v->syntax, &err) < 0) {
		if (v->syntax || !v->err.msg[0])
			v->err = err;
		return;
	}
	/* what nobody wants cannot be required */
	v->decision.required = v->decision.required && v->decision.merge;
}

/* Nothing that the parser sends is taken for granted; spec_edit() looks at the offsets. */
static int check(struct verdict *v, struct error *err)
{
	struct spec *s = &v->spec;
	bool fine = hook_check_decision(&v->decision) &&
		    *(const unsigned char *)&v->syntax <= 1 &&
		    *(const unsigned char *)&v->log_given <= 1 &&
		    (unsigned)v->log <= LOG_LEVEL_DEBUG && (unsigned)s->env <= SPEC_ENV_LIST &&
		    (unsigned)s->add <= SPEC_ENV_LIST &&
		    *(const unsigned char *)&s->python_seed <= 1 &&
		    *(const unsigned char *)&s->perl_seed <= 1 &&
		    (unsigned)s->mount <= SPEC_MOUNT_ADD;

	for (int i = 0; i < PROFILE_CALLS; i++)
		fine = fine && (unsigned)s->profile[i] <= PROFILE_KILLS;
	if (!fine)
		return err_set(err, EPROTO, "the parser answered nonsense");
	hook_clean(v->err.msg, sizeof(v->err.msg));
	if ((unsigned)v->err.reason >= REASON_COUNT)
		v->err.reason = REASON_NONE;
	hook_clean(s->obstacle, sizeof(s->obstacle));
	s->id[sizeof(s->id) - 1] = '\0';
	s->root[sizeof(s->root) - 1] = '\0';
	s->program[sizeof(s->program) - 1] = '\0';
	s->path[sizeof(s->path) - 1] = '\0';
	return 0;
}

static int parse_confined(const struct input *in, struct verdict *v, struct error *err)
{
	int r;

	*v = (struct verdict){ 0 };
	r = json_reserve(in->spec_len > in->config_len ? in->spec_len : in->config_len, err);
	if (r == 0)
		r = confine_call(parse, in, v, sizeof(*v), PARSE_TIMEOUT_MS, err);
	if (r == 0)
		r = check(v, err);
	if (r < 0)
		*v = (struct verdict){ 0 };
	return r;
}

/* All of it, or the container fails: podman refuses what is cut off. */
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

/* 1 the library is to be added, 0 not; -errno: it should, and cannot be. */
static int want_library(const struct input *in, const struct verdict *v, bool *only_way,
			struct error *err)
{
	enum probe_way way;
	int r;

	if (v->decision.method == METHOD_INJECT) {
		log_info("method inject: nothing to do at this stage");
		return 0;
	}
	way = probe_way();
	if (v->decision.method == METHOD_AUTO && way == PROBE_INHERIT) {
		log_info("method auto: on this kernel the createRuntime hook does it");
		return 0;
	}
	*only_way = v->decision.method == METHOD_PRELOAD || way != PROBE_EACH_EXEC;
	r = preload_fits(in->preload_path, &v->spec, way, err);
	return r < 0 ? r : 1;
}

/* The group's hash seeds, where the container has none of its own. */
static void want_seeds(const struct input *in, const struct verdict *v,
		       struct layout_seeds *seeds, struct spec_wish *wish)
{
	const struct spec *s = &v->spec;

	if (!v->decision.group[0] || s->add == SPEC_ENV_THERE ||
	    (s->python_seed && s->perl_seed) ||
	    layout_seeds(&v->decision, in->id ? in->id : s->id, seeds) < 0)
		return;
	if (!s->python_seed)
		wish->variable[wish->variables++] = seeds->python;
	if (!s->perl_seed) {
		wish->variable[wish->variables++] = seeds->perl;
		/* the order of keys would change with the process otherwise (perlrun(1)) */
		wish->variable[wish->variables++] = "PERL_PERTURB_KEYS=0";
	}
}

/* A container that is to be merged; *status is set where it is refused. */
static void edit_spec(const struct input *in, const struct verdict *v, struct spec_edit *edit,
		      int *status)
{
	struct spec_wish wish = { 0 };
	struct layout_seeds seeds;
	bool only_way = false;
	struct error err;
	int r = want_library(in, v, &only_way, &err);

	if (r < 0)
		*status = give_up(&v->decision, only_way, &err);
	if (r > 0)
		wish.preload = in->preload_path;
	want_seeds(in, v, &seeds, &wish);
	if (!wish.preload && !wish.variables)
		return;
	r = spec_edit(spec_text, in->spec_len, &v->spec, &wish, edit, &err);
	if (r < 0)
		edit->n = 0;
	if (r < 0 && wish.preload)
		*status = give_up(&v->decision, only_way, &err);
	else if (r < 0)
		log_warning("the group's hash seeds are not added: %s", err.msg);
	else if (wish.preload)
		log_info(edit->n > 1 ? "added the preload library" :
				       "has the preload library already");
}

static int refuse(const struct error *err)
{
	log_error("the container is refused: %s", err->msg);
	return 1;
}

/* Seen without parsing, so that nobody has to wonder where the rest is. */
static int refuse_cut(void)
{
	log_error("the container is refused: its config.json is cut off or is no JSON");
	return 1;
}

/*
 * Merging is required where config.json says so or the container does; what cannot be read
 * says nothing.
 */
static int decide(struct input *in, struct spec_edit *edit)
{
	struct verdict v = { 0 };
	struct error err, second;
	ssize_t n = config_read(in->config_path, config_text, &err);
	int status = 0, r = n < 0 ? (int)n : 0;

	in->config_len = n < 0 ? 0 : (size_t)n;
	if (r == 0 && !hook_may_ask(spec_text, in->spec_len, config_text, in->config_len))
		return spec_is_whole(spec_text, in->spec_len) ? 0 : refuse_cut();
	in->owner = layout_owner(config_text, in->config_len);
	n = parse_confined(in, &v, r < 0 ? &second : &err);
	if (n < 0) {
		size_t len = in->spec_len;

		in->spec_len = 0;
		(void)parse_confined(in, &v, &second);
		in->spec_len = len;
		if (!spec_is_whole(spec_text, len))
			return refuse_cut();
	}
	if (v.log_given)
		log_set_level(v.log);
	if (v.spec.id[0])
		log_set_subject(v.spec.id, 0);
	if (v.syntax)
		return refuse(&v.err);
	if (r < 0 || n < 0 || v.err.msg[0])
		return give_up(&v.decision, true, r < 0 || n < 0 ? &err : &v.err);
	if (v.decision.warning[0])
		log_warning("%s", v.decision.warning);
	hook_say_decision(&v.decision);
	layout_reconsider(&v.decision, spec_text, in->spec_len);
	if (v.decision.merge)
		edit_spec(in, &v, edit, &status);
	return status;
}

/* Too much to read: as if nobody could tell whether this container asked. */
static int pass_large(struct input *in)
{
	struct verdict v = { 0 };
	struct error err;
	ssize_t n = config_read(in->config_path, config_text, &err);

	in->config_len = n < 0 ? 0 : (size_t)n;
	(void)parse_confined(in, &v, &err);
	err_set(&err, EFBIG, "config.json of the container: longer than %u bytes", SPEC_MAX);
	return give_up(&v.decision, true, &err) == 0 ? emit_rest(SPEC_MAX + 1) : 1;
}

static int run(struct input *in)
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
	if (n <= 0)
		return refuse(&err);
	in->spec_len = (size_t)n;
	status = decide(in, &edit);
	if (status != 0)
		return status;
	return edit.n ? emit(edit.piece, edit.n) : emit_unchanged(in->spec_len);
}

static const struct command_syntax precreate_command = {
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
	.see_also = "ksm-hook(8), ksm-hook.conf(5), libksm_preload(7)",
	.option = {
		OPTION_TEXT(struct input, config_path, "config", "FILE",
			    "read this configuration instead of\n"
			    CONFIG_PATH),
		OPTION_TEXT(struct input, preload_path, "library", "FILE",
			    "add this library instead of\n"
			    PRELOAD_LIBRARY),
		OPTION_TEXT(struct input, id, "id", "ID",
			    "the container's id, where the caller knows it:\n"
			    "config.json does not have it"),
		{ "" },
	},
};

int applet_precreate(int argc, char **argv)
{
	struct input in = { .config_path = CONFIG_PATH, .preload_path = PRELOAD_LIBRARY };
	struct error err;
	int r;

	log_init(argv[0], true);
	/* a reader that is gone is an error with a line in the log */
	signal(SIGPIPE, SIG_IGN);
	/* mapped, not static: the other applets have no use for it */
	spec_text = mmap(NULL, SPEC_MAX + 1, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (spec_text == MAP_FAILED) {
		log_error("memory for %u bytes: %s", SPEC_MAX, strerror(errno));
		return 1;
	}
	r = options_parse(&precreate_command, &argc, argv, &in, &err);
	if (r == 0)
		return run(&in);
	if (r > 0)
		return 0;
	/* told, but not at the cost of every container */
	log_error("%s; nothing was done, fix the hook's \"args\"", err.msg);
	return emit_rest(0);
}
