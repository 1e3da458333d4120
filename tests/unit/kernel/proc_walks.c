/* SPDX-License-Identifier: Apache-2.0 */
/* hook/kernel/proc.c: walks over processes and threads, which come and go meanwhile. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "kernel/proc.h"

struct sought {
	pid_t number;
	int calls, stop; /* the call that returns 7 */
	bool found;
};

static int seek(pid_t number, void *arg)
{
	struct sought *s = arg;

	s->found = s->found || number == s->number;
	return ++s->calls == s->stop ? 7 : 0;
}

static void *wait_for_end_of(void *arg)
{
	struct sought *s = arg;
	char c;

	s->number = (pid_t)syscall(SYS_gettid);
	CHECK_INT(write(s->calls, "", 1), 1);
	CHECK_INT(read(s->stop, &c, 1), 0);
	return NULL;
}

static void walks(void)
{
	struct sought s = { .number = getpid() }, thread = { 0 };
	int ready[2], end[2];
	pthread_t t;
	char c;

	CHECK_INT(proc_for_each(seek, &s), 0);
	CHECK(s.found && s.calls > 1);
	s = (struct sought){ .stop = 2 };
	CHECK_INT(proc_for_each(seek, &s), 7);
	CHECK_INT(s.calls, 2);

	CHECK_INT(pipe(ready), 0);
	CHECK_INT(pipe(end), 0);
	thread.calls = ready[1];
	thread.stop = end[0];
	CHECK_INT(pthread_create(&t, NULL, wait_for_end_of, &thread), 0);
	CHECK_INT(read(ready[0], &c, 1), 1);
	s = (struct sought){ .number = thread.number };
	CHECK_INT(proc_for_each_thread(getpid(), seek, &s), 0);
	CHECK(s.found);
	CHECK_INT(s.calls, 2);
	s = (struct sought){ .stop = 1 };
	CHECK_INT(proc_for_each_thread(getpid(), seek, &s), 7);
	CHECK_INT(s.calls, 1);
	CHECK_INT(proc_for_each_thread(0x7fffffff, seek, &s), -ENOENT);
	close(end[1]);
	pthread_join(t, NULL);
	close(end[0]);
	close(ready[0]);
	close(ready[1]);
}

/* A process that forks another one and ends, when it is asked to, and that other one. */
struct relay {
	int ask, answer;
	pid_t first, second;
	bool saw_second;
};

static void ask_relay(struct relay *r)
{
	CHECK_INT(write(r->ask, "", 1), 1);
	CHECK_INT(read(r->answer, &r->second, sizeof(r->second)), sizeof(r->second));
	CHECK_INT(waitpid(r->first, NULL, 0), r->first);
}

static int pass_relay_on(pid_t number, void *arg)
{
	struct relay *r = arg;

	if (number == r->first)
		ask_relay(r);
	r->saw_second |= number == r->second;
	return 0;
}

/* Who is forked during the walk comes in it, though who forked it ends. */
static void relayed(void)
{
	struct relay r = { 0 };
	int ask[2], answer[2];
	pid_t second;
	char c;

	do {
		if (r.second)
			kill(r.second, SIGKILL);
		r = (struct relay){ 0 };
		CHECK_INT(pipe(ask), 0);
		CHECK_INT(pipe(answer), 0);
		r.ask = ask[1];
		r.answer = answer[0];
		r.first = fork();
		if (r.first == 0) {
			close(ask[1]);
			if (read(ask[0], &c, 1) != 1)
				_exit(1);
			second = fork();
			if (second == 0) {
				/* until all is closed */
				(void)!read(ask[0], &c, 1);
				_exit(0);
			}
			(void)!write(answer[1], &second, sizeof(second));
			_exit(0);
		}
		close(ask[0]);
		close(answer[1]);
		CHECK_INT(proc_for_each(pass_relay_on, &r), 0);
		/* numbers begin anew at times */
	} while (r.second > 0 && r.second < r.first);
	CHECK(r.saw_second);
	close(r.ask);
	close(r.answer);
}

int main(void)
{
	RUN(walks);
	RUN(relayed);
	return check_end();
}
