/* SPDX-License-Identifier: Apache-2.0 */
/* What engines' own programs say of their configuration, as it is in effect. */
#ifndef KSM_ENGINE_ANSWER_H
#define KSM_ENGINE_ANSWER_H

enum engine_question {
	ASK_CONTAINERD, /* containerd config dump */
	ASK_CRIO,       /* crio config */
	ENGINE_QUESTIONS
};

struct engine_answer {
	enum {
		ANSWER_NOT_ASKED, /* we are not root, or there is no program that root may trust */
		ANSWER_LATE,      /* it did not come in time */
		ANSWER_REFUSED, /* the program failed, or said nothing */
		ANSWER_GIVEN
	} state;
	char *text;      /* of the one that was given, ending with NUL; from malloc */
	char words[256]; /* of one that was refused: the last line on its standard error, raw */
};

/*
 * Run each program, if we are root and it lies where nobody else can change it: without
 * capabilities or an environment, and for no longer than ENGINE_ANSWER_MS. Before privileges_only_look(), which ends the starting of programs.
 */
#define ENGINE_ANSWER_MS 10000
void engine_answers_get(struct engine_answer answer[ENGINE_QUESTIONS]);
void engine_answers_free(struct engine_answer answer[ENGINE_QUESTIONS]);

/* As a user would type it. */
const char *engine_question_command(enum engine_question question);

#endif
