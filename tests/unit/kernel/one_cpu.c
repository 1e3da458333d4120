/* SPDX-License-Identifier: Apache-2.0 */
/* Kept to one processor, and let go again. */
#include "kernel/one_cpu.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static bool runs_on(const cpu_set_t *expected)
{
	cpu_set_t now;

	return sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, expected);
}

/* What a function called next finds where it has its variables: not nothing, as at a program's begin. */
__attribute__((noinline)) static void fill_stack(void)
{
	volatile unsigned char used[4096];

	for (size_t i = 0; i < sizeof(used); i++)
		used[i] = 0xff;
}

static void stays_with_its_children(void)
{
	cpu_set_t before, again, one;
	int cpu = sched_getcpu(), status;
	pid_t child;

	fill_stack();
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK(one_cpu_stay(cpu, &before));
	CHECK(CPU_ISSET(cpu, &before));
	CHECK(runs_on(&one));
	child = fork();
	if (child == 0)
		_exit(!runs_on(&one));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	/* once more: what was before is what this process had, and no other's */
	CHECK(one_cpu_stay(cpu, &again));
	CHECK(CPU_EQUAL(&again, &one));
	CHECK(one_cpu_stay(cpu, NULL));
	CHECK(runs_on(&one));
	CHECK_INT(sched_setaffinity(0, sizeof(before), &before), 0);
	CHECK(runs_on(&before));
}

static void cannot(void)
{
	cpu_set_t now, before;
	int none = CPU_SETSIZE - 1;

	CHECK_INT(sched_getaffinity(0, sizeof(now), &now), 0);
	CHECK(!one_cpu_stay(-1, &before));
	CHECK(!one_cpu_stay(CPU_SETSIZE, NULL));
	if (!CPU_ISSET(none, &now))
		CHECK(!one_cpu_stay(none, &before));
	CHECK(runs_on(&now));
}

int main(void)
{
	RUN(stays_with_its_children);
	RUN(cannot);
	return check_end();
}
