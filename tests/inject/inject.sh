#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Injection hurts nobody: every kind of target goes on with right results, stopped, frozen, under
# filters or while it executes. What comes in between is in interrupted.sh.
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

# Two threads in a lock's futex call or computing, a third in poll: the third is taken.
test_no_thread_in_a_lock_is_taken() {
	VICTIM_MAY_BE_CUT=1 start lock mutex:idle 20
	ready lock
	pid_of lock
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		wait_for 30 idle_waits
		inject lock ok
	done
	for _ in 1 2 3 4 5; do
		wait_for 30 idle_waits
		KSM_FAULT=kill:6 inject lock EINTR
	done
	ended ' [1-5] cut short, 0 EINTR' lock
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

# Nobody but the tracer goes to a processor that a target may keep: who waits for it has to be let run.
test_who_waits_stays_where_it_is() {
	start near.read read 600
	ready near.read
	pid_of near.read
	strace -o "$work/near" -e trace=sched_setaffinity "$drive" "$pid" >"$work/near.drive" 2>&1
	assertContains "$(cat "$work/near.drive")" " ok "
	assertNotContains "$(cat "$work/near")" sched_setaffinity
	assertContains "traced" "$(cat "$work/near")" "exited with 0"
	ended "$untouched" near.read
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
