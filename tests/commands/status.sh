#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook status --mergeable: what a container's command says of itself. engines/oci has the rest.
# needs: nothing

testWhoIsSaysSo() {
	out=$("$KSM_HOOK" run -- "$KSM_HOOK" status --mergeable 2>&1)
	assertEquals "$out" 0 $?
	assertEquals "this process is mergeable" "$out"
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
		"$KSM_HOOK" run -- "$KSM_HOOK" status --mergeable=3600 2>&1)
	assertEquals "without any right: $out" 0 $?
}

testWhoIsNotFails() {
	for seconds in '' =0 =1; do
		out=$("$KSM_HOOK" status --mergeable$seconds 2>&1)
		assertEquals "$seconds: $out" 1 $?
		_seconds=${seconds#=}
		assertContains "$out" "not mergeable after ${_seconds:-0} s"
	done
}

# by an agent that comes late
testWhoBecomesSo() {
	"$KSM_HOOK" status --mergeable=300 >"$work/out" 2>&1 &
	late=$!
	wait_for 20 grep -qz -e --mergeable=300 /proc/$late/cmdline
	out=$("$KSM_HOOK" attach $late 2>&1)
	assertEquals "$out" 0 $?
	wait $late
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	assertContains "$(cat "$work/out")" "is mergeable"
}

testAKernelWithoutThePrctl() {
	out=$("$top/tests/lib/no-prctl" "$KSM_HOOK" status --mergeable=300 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "the kernel has no prctl(PR_SET_MEMORY_MERGE)"
}

testWrongUsage() {
	for wrong in =x =-1 =3601 =; do
		out=$("$KSM_HOOK" status --mergeable$wrong 2>&1)
		assertEquals "$wrong: $out" 2 $?
	done
}

. "$(dirname "$0")/../lib/common.sh"
