/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does CRI-O call the hook, and are its runtimes there? */
#include "doctor/checks.h"
#include "doctor/engine_answer.h"
#include "doctor/hook_engine.h"
#include "doctor/host_files.h"

/* What it says itself takes the place of what was read; where that stands, files tell alone. */
static void take_crio_answer(struct doctor *d, struct engine_config *c)
{
	const struct engine_answer *a = &d->answer[ASK_CRIO];
	const char *command = engine_question_command(ASK_CRIO);
	char text[ENGINE_TROUBLE_MAX];
	static struct engine_config e;
	struct error err;

	if (engine_trouble(a, ASK_CRIO, text))
		finding_add(d, FINDING_NOTE, ID_HOOK_REGISTERED, ENGINE_FILES_ALONE, "%s",
			    text);
	if (a->state != ANSWER_GIVEN)
		return;
	e = (struct engine_config){ .dialect = c->dialect, .engine = c->engine };
	/* what is as it is by default is commented out */
	hook_dirs_add(&e.dirs, HOOKS_DIR);
	if (engine_config_parse(&e, command, a->text, &err) < 0) {
		finding_unreadable(d, ID_HOOK_REGISTERED, &err);
		return;
	}
	engine_config_locate(&e, c);
	*c = e;
}

void check_crio(struct doctor *d)
{
	static struct engine_config c;

	if (!program_is_installed("crio"))
		return;
	c = (struct engine_config){ .dialect = CRIO_CONF, .engine = "CRI-O" };
	hook_dirs_add(&c.dirs, HOOKS_DIR);
	hook_engine_read(d, &c, "/etc/crio/crio.conf");
	hook_engine_read_dir(d, &c, "/etc/crio/crio.conf.d", "");
	take_crio_answer(d, &c);
	hook_engine_check(d, &c);
}
