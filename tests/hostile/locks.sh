#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant without privileges keeps the mmap locks of his processes, for ever (programs/hold-lock.c):
# whoever looks at them would wait, and ksmd too. He is named and left out, the others are served.
# needs: machine ksmd

. "$(dirname "$0")/../lib/locks-lib.sh"

# ask_and_tell COMMAND...: the same, and it says who was left out
ask_and_tell() {
	ask "$@"
	for _pid in $held; do
		assertContains "$*: $said" "$said" "reason=target-unreadable: process $_pid (hold-lock) of docker:a"
	done
}

testWhoLooks() {
	hold 2
	for _command in ps 'ps --exact' metrics; do
		ask_and_tell $_command
		assertEquals "$_command: $said" 0 $rc
		assertContains "$_command shows the others" "$out" b000000
	done
	ask_and_tell status --json
	assertEquals "status: $said" 0 $rc
	ask_and_tell doctor
	assertNotEquals "doctor counts the others: $out" 0 \
		"$(echo "$out" | grep -c '[1-9][0-9]* of [0-9]* containers are mergeable')"
}

testEstimate() {
	hold 2
	ask_and_tell estimate --json
	assertEquals "estimate: $said" 0 $rc
	assertContains "$out" b000000
}

# what the timer starts comes to its end by itself, and has a limit
testTheTimersService() {
	_seconds=$(sed -n 's/^TimeoutStartSec=//p' "$BUILD/systemd/ksm-hook-metrics.service")
	assertTrue "a limit: $_seconds" "[ '$_seconds' -gt 45 ]"
	hold 2
	ask_and_tell metrics --output="$work/ksm.prom"
	assertEquals "$said" 0 $rc
	assertContains "$(cat "$work/ksm.prom")" b000000
}

# that many, and no longer than three: they are one container's
testMany() {
	hold 12
	ask ps
	assertEquals "$said" 0 $rc
	assertContains "$out" b000000
	_waited=$(echo "$said" | grep -c 'target-unreadable.* of docker:a')
	assertTrue "no more than three are waited for: $said" "[ $_waited -ge 1 ] && [ $_waited -le 3 ]"
}

# rows REPORT: how many of the tenant's processes a report of attach or detach leaves out
rows() {
	echo "$1" | jq '[.processes[] | select(.command == "hold-lock" and .reason == "target-unreadable")] | length'
}

testAttachAndDetach() {
	hold 2
	ask detach --all --json
	assertEquals "it has failed for some" 1 $rc
	assertEquals "$out" 2 "$(rows "$out")"
	assertTrue "the others are done: $out" "is_mergeable no $neighbour"
	ask attach --all --json
	assertEquals "it has failed for some" 1 $rc
	assertEquals "$out" 2 "$(rows "$out")"
	assertTrue "the others are done: $out" "is_mergeable yes $neighbour"
}

# whoever reads gets the lock, and the call that is to change something waits in the target
testTheCallWaits() {
	hold 3 read
	ask detach --all --json
	assertEquals "it has failed for some" 1 $rc
	assertEquals "$out" 3 "$(rows "$out")"
	assertTrue "the others are done: $out" "is_mergeable no $neighbour"
	# once more: it does not meet itself
	ask attach --all
	assertTrue "the others are done: $said" "is_mergeable yes $neighbour"
	for _pid in $held; do
		assertNotContains "none is stopped" "$(cut -d' ' -f3 /proc/$_pid/task/*/stat)" t
	done
	# it ends: so do the calls, and those who wait for them
	kill -USR1 $holder
	for _pid in $held; do
		_done() { is_mergeable no $_pid; }
		wait_for 60 _done
		_free() { ! grep -q 'TracerPid:.*[1-9]' /proc/$_pid/task/*/status; }
		wait_for 60 _free
		assertContains "sleeps as it did" "$(cat /proc/$_pid/task/$_pid/wchan)" pause
	done
}

# traced: is a tracer left with one of them?
traced() {
	for _pid in $held; do
		grep -q 'TracerPid:.*[1-9]' "/proc/$_pid/status" && return
	done
	return 1
}

# in_the_middle DO: the lock is taken while a tracer stands between the look at the process and the call
# in it, until a round had it so. Whose call is through before that counts as done.
in_the_middle() {
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		hold 2 late
		rm -f "$work/paused"
		# behind the stop of the thread, before the call (base/fault_injection.h: FAULT_CALL_SET)
		KSM_FAULT=pause:5 KSM_FAULT_PAUSED=$work/paused timeout -s KILL $limit "$BUILD/ksm-hook-faults" "$1" --all \
			--json >"$work/out" 2>"$work/said" &
		_hook=$!
		wait_for 20 test -e "$work/paused"
		kill -USR2 $holder
		wait $_hook
		rc=$?
		assertNotEquals "$1 waits for ever" 137 $rc
		! traced || return 0
		release
	done
	fail "no call met a lock"
}

testTheLockIsTakenInTheMiddle() {
	in_the_middle detach
	assertEquals "it has failed for some" 1 $rc
	assertTrue "$(cat "$work/out")" "[ $(rows "$(cat "$work/out")") -ge 1 ]"
	assertTrue "the others are done: $(cat "$work/out")" "is_mergeable no $neighbour"
	# and with that tracer there
	ask attach --all
	assertTrue "the others are done: $said" "is_mergeable yes $neighbour"
	release
	in_the_middle detach
	ask detach --all
	assertTrue "the others are done: $said" "is_mergeable no $neighbour"
	ask attach --all
	assertTrue "the others are done: $said" "is_mergeable yes $neighbour"
}

. "$(dirname "$0")/../lib/common.sh"
