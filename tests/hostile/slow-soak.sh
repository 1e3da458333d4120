#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant whose processes hold up nobody for long, and everybody for some time (programs/hold-lock.c,
# "slow"): one container has some seconds, then the rest of it is left out, which is said; the others are
# served. The program of before waited for all of them: an hour, where they are 3,000.
# needs: machine ksmd

. "$(dirname "$0")/../lib/locks-lib.sh"

# of some 120 ms each, where the container has five seconds
count=100

# all the while
suite_setup() {
	locks_setup
	hold $count slow
}

each_teardown() { :; }

# shown NAME: of the tenant's line in ps --json
shown() { jq ".[] | select(.id | startswith(\"a000000\")) | .$1" "$work/out"; }

testPs() {
	timeout -s KILL 120 "$KSM_HOOK" ps --json >"$work/out" 2>"$work/said"
	rc=$?
	assertEquals "$(cat "$work/said")" 0 $rc
	assertContains "$(cat "$work/said")" "reason=target-skipped: docker:a000000"
	assertTrue "some of them: $(shown unread_processes)" "[ $(shown unread_processes) -ge 1 ]"
	assertTrue "and not all: $(shown unread_processes)" "[ $(shown unread_processes) -lt $count ]"
	assertEquals "they are there" $((count + 1)) "$(shown processes)"
	assertEquals "the others are whole" 0 "$(jq '.[] | select(.id | startswith("b000000")) | .unread_processes' "$work/out")"
	timeout -s KILL 120 "$KSM_HOOK" ps >"$work/out" 2>/dev/null
	assertTrue "$(cat "$work/out")" "grep -q 'a000000.* of $((count + 1)) processes not read' '$work/out'"
	timeout -s KILL 120 "$KSM_HOOK" metrics >"$work/out" 2>/dev/null
	assertTrue "$(grep unread "$work/out")" "grep -q '^ksm_container_unread_processes{.*a000000.*} [1-9]' '$work/out'"
	assertTrue "$(grep unread "$work/out")" "grep -q '^ksm_container_unread_processes{.*b000000.*} 0' '$work/out'"
}

# it ends with 1, and says of each that it was not tried and what to do
testAttachAndDetach() {
	for _command in detach attach; do
		_wanted=no
		[ $_command = detach ] || _wanted=yes
		timeout -s KILL 200 "$KSM_HOOK" $_command --all --json >"$work/out" 2>"$work/said"
		rc=$?
		assertEquals "$(cat "$work/said")" 1 $rc
		_skipped=$(jq '[.processes[] | select(.reason == "target-skipped")] | length' "$work/out")
		assertTrue "$_skipped: $(cat "$work/out")" "[ $_skipped -ge 1 ]"
		assertTrue "the others are done" "is_mergeable $_wanted $neighbour"
	done
}

# who names it gets all of it
testWhoIsNamedIsNotCut() {
	timeout -s KILL 200 "$KSM_HOOK" detach --json "docker:$(basename "$tenant" .scope | cut -c8-)" >"$work/out" 2>"$work/said"
	assertEquals "$(cat "$work/out")" 0 "$(jq '[.processes[] | select(.reason == "target-skipped")] | length' "$work/out")"
}

. "$(dirname "$0")/../lib/common.sh"
