/* SPDX-License-Identifier: Apache-2.0 */
/* What engines' own programs say of their configuration, as it is in effect. */
#ifndef KSM_ENGINE_ANSWER_H
#define KSM_ENGINE_ANSWER_H

#include <stdbool.h>

#include "base/error.h"

enum engine_question {
	ASK_CONTAINERD, /* containerd config dump */
	ASK_CRIO,       /* crio config */
	ASK_DOCKERD, /* dockerd --validate, which says no more than whether it takes the file */
	ENGINE_QUESTIONS
};

struct engine_answer {
	enum engine_answer_state {
		ANSWER_NOT_ASKED, /* we are not root, or there is no such program */
		ANSWER_UNTRUSTED, /* somebody else could have put the program there */
		ANSWER_LATE,      /* it did not come in time */
		ANSWER_UNUSABLE, /* the program could not be run, or what it says is no answer */
		ANSWER_REFUSED,  /* the program ended by itself with another status than 0 */
		ANSWER_GIVEN
	} state;
	char *text; /* of the one that was given, ending with NUL; from malloc */
	/* raw: why it is untrusted or unusable; or of one that refused, its last line on stderr */
	char words[sizeof(((struct error *)0)->msg)];
};

/*
 * Run each program, if we are root and nobody else can change it, or a directory on the way to it:
 * without capabilities, and of the environment with a PATH alone, and for no longer than ENGINE_ANSWER_MS. Before
 * privileges_only_look(), which ends the starting of programs.
 */
#define ENGINE_ANSWER_MS 10000
/* daemon_json is dockerd's, which is not asked where there is no such file. */
void engine_answers_get(struct engine_answer answer[ENGINE_QUESTIONS], const char *daemon_json);
void engine_answers_free(struct engine_answer answer[ENGINE_QUESTIONS]);

/*
 * Pure: is it the configuration that containerd or dockerd itself refused, and not the command, or for want
 * of capabilities?
 */
bool engine_refuses_config(enum engine_question question, const char *words);
/* Pure: or does that dockerd, as those before 23.0, not have the command? */
bool engine_lacks_command(const char *words);

/* Pure: why there is no answer, in words; false where one was given, or nobody asked. */
#define ENGINE_TROUBLE_MAX 400
bool engine_trouble(const struct engine_answer *a, enum engine_question question,
		    char text[ENGINE_TROUBLE_MAX]);
/* What that means. */
#define ENGINE_FILES_ALONE "what follows is by the files alone, not by what is in effect"

/* As a user would type it. */
const char *engine_question_command(enum engine_question question);

#endif
