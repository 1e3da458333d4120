#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Injection hurts nobody, whatever comes in between: the tracer, the hook or the target is killed, stopped
# or gets a signal, behind each step.
# needs: containers
# shellcheck disable=SC2046,SC2086,SC2154 # lists are split; variables of common.sh

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/inject-lib.sh"

# The steps of hook/base/fault_injection.h. kill_tracer_at STEP PATTERN
kill_tracer_at() {
	for v in $restarts $go_victim; do start "kill$1.$v" "$v" 300; done
	ready $(ids "kill$1." $restarts $go_victim)
	for v in $restarts $go_victim; do
		KSM_FAULT=kill:$1 inject "kill$1.$v" EINTR
		untraced "kill$1.$v"
		[ "$1" -lt 5 ] || mergeable "kill$1.$v" yes
	done
	ended "$2" $(ids "kill$1." $restarts $go_victim)
}

# Outside the window, steps 5 to 7, nothing at all shows.
test_tracer_killed_outside_the_window() {
	for step in 1 2 3 4 8 9; do kill_tracer_at $step ' 0 cut short'; done
	start filter seccomp 300
	ready filter
	KSM_FAULT=kill:4 inject filter EINTR
	ended "$untouched" filter
}

# The call that was put off returns prctl's 0, and its argument registers are prctl's: the
# process lives, and who looks again goes on with right results. (Not so a lone thread in
# an inlined lock call, or one under a filter against prctl: docs/how-it-works.md.)
test_tracer_killed_in_the_window() {
	for step in 5 6 7; do
		VICTIM_MAY_BE_CUT=1 kill_tracer_at $step ' [01] cut short'
		cut=$(cat "$work/kill$step".*.out | grep -c ' 1 cut short')
		echo "step $step: $cut of $(ids '' $restarts $go_victim | wc -l) victims saw a call cut short"
		# or the window is not where this looks for it
		assertTrue "none was cut short" "[ $cut -gt 0 ]"
	done
}

# a tracer has $pid, or has done what it was to do
begun() {
	traced_thread || a_thread_has "ksm_merge_any: yes"
}

# As by an engine's time-out: the tracer is a process of its own and gets to its end.
test_hook_killed_while_its_tracer_is_in_the_window() {
	steps="4 5 6 7 8"
	for step in $steps; do start "orphan.$step" read 300; done
	ready $(ids orphan. $steps)
	hooks=
	for step in $steps; do
		state "orphan.$step"
		KSM_FAULT=pause:$step "$faults" createRuntime <"$work/orphan.$step.state" \
			>/dev/null 2>&1 &
		hooks="$hooks $!"
	done
	set -- $hooks
	for step in $steps; do
		pid_of "orphan.$step"
		wait_for 10 begun
		kill -KILL "$1"
		wait "$1" 2>/dev/null
		assertEquals "a hook was not killed" 137 $?
		shift
	done
	for step in $steps; do
		mergeable "orphan.$step" yes
		untraced "orphan.$step"
	done
	ended "$untouched" $(ids orphan. $steps)
}

# during STEP SIGNAL ID: the signal comes while the tracer rests behind the step; $driver
during() {
	pid_of "$3"
	KSM_FAULT=pause:$1 KSM_FAULT_PAUSED=$work/$3.paused "$drive" "$pid" >"$work/$3.drive" 2>&1 &
	driver=$!
	wait_for 10 test -e "$work/$3.paused"
	kill "-$2" "$pid"
}

test_signal_with_a_handler_during_an_injection() {
	steps="1 2 3 4 5 6 7 8"
	all="nanosleep read $read_32"
	for v in $all; do
		for step in $steps; do start "usr1.$v.$step" $v 700; done
	done
	for v in $all; do ready $(ids usr1.$v. $steps); done
	drivers=
	for v in $all; do
		for step in $steps; do
			during "$step" USR1 "usr1.$v.$step"
			drivers="$drivers $driver"
		done
	done
	for p in $drivers; do
		wait "$p"
		assertEquals "an injection failed" 0 $?
	done
	for v in $all; do
		for step in $steps; do mergeable "usr1.$v.$step" yes; done
	done
	for v in $all; do
		ended ' 0 cut short, [01] EINTR, 1 signals' $(ids usr1.$v. $steps)
	done
}

# The kernel breaks off unmerging when a signal is there, which is no failure.
test_signal_while_merging_is_turned_off() {
	for v in nanosleep read; do start "off.$v" $v 700; done
	ready off.nanosleep off.read
	for v in nanosleep read; do
		inject "off.$v" ok
		pid_of "off.$v"
		KSM_FAULT=pause:5 KSM_FAULT_PAUSED=$work/off.$v.paused "$drive" -r 1 "$pid" \
			>"$work/off.$v.drive" 2>&1 &
		driver=$!
		wait_for 10 test -e "$work/off.$v.paused"
		kill -USR1 "$pid"
		wait $driver
		assertContains "$(cat "$work/off.$v.drive")" "ok 1 "
		mergeable "off.$v" yes
	done
	ended ' 0 cut short, [01] EINTR, 1 signals' off.nanosleep off.read
}

test_stopped_during_an_injection() {
	steps="2 3 4 5 6 7 8"
	for step in $steps; do start "stop.$step" read 600; done
	ready $(ids stop. $steps)
	for step in $steps; do
		during "$step" STOP "stop.$step"
		wait $driver
		# where the stop came first and the thread would have had to run: not now
		read -r _ got _ <"$work/stop.$step.drive"
		in_state "stop.$step" T
		untraced "stop.$step"
		if [ "$got" = ok ]; then mergeable "stop.$step" yes; else echo "step $step: $got"; fi
		assertNotEquals "step $step" EINTR "$got"
		pid_of "stop.$step"
		kill -CONT "$pid"
	done
	ended "$untouched" $(ids stop. $steps)
}

test_killed_during_an_injection() {
	steps="1 2 3 4 5 6 7 8"
	for v in nanosleep threads zombie; do
		for step in $steps; do start "killed.$v.$step" $v 9000; done
		ready $(ids killed.$v. $steps)
		for step in $steps; do
			during "$step" KILL "killed.$v.$step"
			wait "$pid" 2>/dev/null
			assertEquals "$v, step $step" 137 $?
			# the last step is behind the call
			wait "$driver"
			read -r _ got _ <"$work/killed.$v.$step.drive"
			[ "$step" -eq 8 ] || assertEquals "$v, step $step" ESRCH "$got"
		done
	done
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
