#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Injection hurts nobody: every kind of target goes on with right results, whatever
# happens to it, to the tracer and to the hook meanwhile.
# needs: containers
# shellcheck disable=SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/inject-lib.sh"

suite_teardown() {
	for _d in /sys/fs/cgroup/freezer/ksm-hook-test.$$ \
		/sys/fs/cgroup/unified/ksm-hook-test.$$ /sys/fs/cgroup/ksm-hook-test.$$; do
		[ ! -d "$_d" ] || rmdir "$_d"
	done
}

# The state of a container whose init is ID: the hook fails where it does not succeed.
state() {
	pid_of "$1"
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":%d,"bundle":"/b",%s}' \
		"$1" "$pid" \
		'"annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}' >"$work/$1.state"
}

test_every_kind_of_call_goes_on() {
	all="$restarts seccomp $go_victim"
	for v in $all; do start "all.$v" "$v" 300; done
	ready $(ids all. $all)
	for _ in 1 2; do
		for v in $all; do
			inject "all.$v" ok
			mergeable "all.$v" yes
		done
	done
	for v in $all; do
		case $v in
		epoll*) ended ' 0 cut short, [0-2] EINTR' "all.$v" ;;
		*) ended "$untouched" "all.$v" ;;
		esac
	done
}

# A filter is in force whenever the target runs: what it refuses does not get through while we
# attach, make our call and let go. How often is told by inject-soak.sh, which does more rounds.
test_no_call_gets_through_the_filter() {
	start spin spin 300
	ready spin
	pid_of spin
	out=$("$drive" -t 5000 -r 100 "$pid")
	assertTrue "$out" "echo '$out' | grep -q '^ok 100 '"
	ended "$untouched" spin
}

test_the_hook_does_the_same() {
	all="nanosleep read threads $read_32 zombie seccomp $go_victim"
	for v in $all; do start "hook.$v" "$v" 300; done
	ready $(ids hook. $all)
	for v in $all; do
		state "hook.$v"
		"$faults" createRuntime <"$work/hook.$v.state" 2>"$work/hook.$v.log"
		_ended=$?
		assertEquals "$v: $(cat "$work/hook.$v.log")" 0 $_ended
		mergeable "hook.$v" yes
	done
	ended "$untouched" $(ids hook. $all)
}

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

# Two threads in a lock's futex call or computing, a third in poll: the third is taken.
test_no_thread_in_a_lock_is_taken() {
	VICTIM_MAY_BE_CUT=1 start lock mutex:idle 20
	ready lock
	for _ in 1 2 3 4 5 6 7 8 9 10; do inject lock ok; done
	for _ in 1 2 3 4 5; do KSM_FAULT=kill:6 inject lock EINTR; done
	ended ' [1-5] cut short, 0 EINTR' lock
}

# traced_thread: $traced is the name of a thread of $pid that has a tracer
traced_thread() {
	for _status in "/proc/$pid/task"/*/status; do
		while read -r _name _value; do
			case $_name in
			Name:) traced=$_value ;;
			TracerPid:) [ "$_value" = 0 ] || return 0 ;;
			esac
		done 2>/dev/null <"$_status"
	done
	traced=none
	return 1
}

# its thread of that name waits, as it does again soon after it was stopped
idle_waits() {
	for _status in "/proc/$pid/task"/*/status; do
		_in='' _is=''
		while read -r _name _value _; do
			case $_name in
			Name:) _in=$_value ;;
			State:) _is=$_value ;;
			esac
		done 2>/dev/null <"$_status"
		[ "$_in" != idle ] || [ "$_is" != S ] || return 0
	done
	return 1
}

# The same of 32-bit programs, whose calls have other numbers.
test_no_thread_in_a_lock_is_taken_in_a_32_bit_program() {
	for v in mutex $mutex_32; do start "who.$v" "$v:idle" 20; done
	ready $(ids who. mutex $mutex_32)
	for v in mutex $mutex_32; do
		pid_of "who.$v"
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			wait_for 30 idle_waits
			KSM_FAULT=pause:4 "$drive" "$pid" >"$work/who.drive" 2>&1 &
			driver=$!
			wait_for 30 traced_thread || fail "$v: no thread is traced"
			wait $driver
			assertEquals "$v: the thread that is stopped" idle "$traced"
		done
	done
	ended "$untouched" $(ids who. mutex $mutex_32)
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

test_stopped_before() {
	all="read nanosleep waitpid futex:wake $read_32"
	for v in $all; do start "stopped.$v" $v 600; done
	ready $(ids stopped. $all)
	for v in $all; do
		pid_of "stopped.$v"
		kill -STOP "$pid"
		in_state "stopped.$v" T
		inject "stopped.$v" ok
		in_state "stopped.$v" T
		untraced "stopped.$v"
		mergeable "stopped.$v" yes
		kill -CONT "$pid"
	done
	ended "$untouched" $(ids stopped. $all)
}

# It would have to run to get into the kernel again: it does not.
test_stopped_by_itself() {
	printf '\0' >"$work/mark"
	start self "selfstop:$work/mark" 100
	ready self
	in_state self T
	inject self ETIMEDOUT -t 300
	assertEquals "it ran on" 0 "$(od -An -tu1 "$work/mark" | tr -d ' ')"
	in_state self T
	untraced self
	kill -CONT "$pid"
	ended "$untouched" self
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

test_computing() {
	start cpu.a cpu 2000
	start cpu.b cpu:idle 600
	ready cpu.a cpu.b
	from=$(date +%s%N)
	inject cpu.a ETIMEDOUT -t 150
	took=$((($(date +%s%N) - from) / 1000000))
	assertTrue "gave up after $took ms" "[ $took -ge 150 ] && [ $took -lt 1000 ]"
	mergeable cpu.a no
	inject cpu.b ok -t 150
	mergeable cpu.b yes
	ended "$untouched" cpu.a cpu.b
}

# frozen DIRECTORY FILE FREEZE THAW
frozen() {
	mkdir "$1" || { fail "$1"; return; }
	start "$2" read 500
	ready "$2"
	pid_of "$2"
	echo "$pid" >"$1/cgroup.procs"
	echo "$3" >"$1/$2"
	inject "$2" ETIMEDOUT -t 200
	untraced "$2"
	mergeable "$2" no
	echo "$4" >"$1/$2"
	inject "$2" ok
	mergeable "$2" yes
	ended "$untouched" "$2"
	rmdir "$1"
}

test_frozen_by_cgroup_v1() {
	[ -d /sys/fs/cgroup/freezer ] || { skip "no cgroup v1 freezer here"; return; }
	frozen /sys/fs/cgroup/freezer/ksm-hook-test.$$ freezer.state FROZEN THAWED
}

test_frozen_by_cgroup_v2() {
	for d in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ -e $d/cgroup.controllers ] || continue
		frozen $d/ksm-hook-test.$$ cgroup.freeze 1 0
		return
	done
	skip "no cgroup v2 here"
}

# As root the filter is suspended for the injection, and in force afterwards: the victim
# itself looks, at its end.
test_under_a_filter_that_kills() {
	start filtered seccomp 300
	ready filtered
	inject filtered ok
	mergeable filtered yes
	has_line "/proc/$pid/status" "Seccomp: 2" || fail "the filter has gone"
	ended "$untouched" filtered
}

as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"

test_under_a_filter_as_an_ordinary_user() {
	$as_nobody env VICTIM_STOP="$work/user.stop" "$victims/seccomp" 30000 300 \
		>"$work/user.out" 2>&1 &
	echo $! >"$work/user.pid"
	ready user
	pid_of user
	said=$($as_nobody "$drive" "$pid" 2>&1)
	assertContains "$said" "EACCES"
	assertContains "$said" "under a seccomp filter"
	assertContains "$said" "ksm-hook run"
	mergeable user no
	ended "$untouched" user
}

test_ordinary_user_and_a_process_of_another() {
	start root read 300
	ready root
	pid_of root
	said=$($as_nobody "$drive" "$pid" 2>&1)
	assertContains "$said" "EPERM"
	assertContains "$said" "ksm-hook run"
	ended "$untouched" root
}

# Nobody can stop it until its child executes. Those whose turn comes later must not make
# it wait, stopped, when that has happened.
test_parent_of_a_vfork() {
	VICTIM_SLACK_MS=300 start vfork.a vfork 3000
	start vfork.b cpu 6000
	start vfork.c read 500
	ready vfork.a vfork.b vfork.c
	set --
	for v in a b c; do
		pid_of "vfork.$v"
		set -- "$@" "$pid"
	done
	said=$("$drive" -t 700 "$@")
	assertContains "$said" "$1 ETIMEDOUT"
	assertContains "$said" "$2 ETIMEDOUT"
	assertContains "$said" "$3 ok"
	untraced vfork.a
	mergeable vfork.c yes
	ended "$untouched" vfork.a vfork.b vfork.c
}

# Each fourth exec is another thread's, which takes over the process's number.
test_executing_all_the_time() {
	start exec exec 0 2000
	ready exec
	pid_of exec
	ok=0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		"$drive" "$pid" >"$work/exec.drive" && ok=$((ok + 1))
	done
	assertTrue "$ok of 20 succeeded" "[ $ok -ge 10 ]"
	mergeable exec yes
	ended "$untouched" exec
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
