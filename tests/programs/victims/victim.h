/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the victims of injection share. A victim makes one kind of blocking call again and
 * again and checks every answer: `NAME TOTAL_MS CALL_MS [MODE]`. It prints "ready PID"
 * when it is set up, and at its end "ok" with its counts; it exits 0 only if all was
 * right.
 */
#ifndef VICTIM_H
#define VICTIM_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int call_ms, victim_slack_ms;         /* how late a call may return */
extern const char *victim_mode;              /* never NULL */
extern volatile sig_atomic_t victim_signals; /* SIGUSR1 seen; the handler is SA_RESTART */

void victim_start(int argc, char **argv);
void victim_ready(void);
/* Until TOTAL_MS have passed, or the file that VICTIM_STOP names exists. */
bool victim_goes_on(void);
/* Counts a finished call. */
void victim_called(void);
/*
 * A call returned 0 before its time: what a tracer that is killed while the target makes
 * the call leaves behind. An error, unless VICTIM_MAY_BE_CUT is set.
 */
void victim_cut(void);
/* A call returned EINTR where signal(7) says that a stop has this effect. */
void victim_eintr(void);
int victim_end(void);
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int64_t us(void); /* CLOCK_MONOTONIC, in microseconds */
/* Started at that time, a wait of ms took neither less nor much longer (VICTIM_SLACK_MS).
 */
void check_time(const char *what, int64_t start, int ms);

/* A pipe into which another process writes the next number every CALL_MS. */
int feeder_start(void);
/* The next number is there and right; a read that was cut short is made again. */
void feeder_check(int fd, uint32_t *expected);

#endif
