#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 200 containers start in a real containerd 2.x under each of: kill -9 of the agent, of containerd, of
# both, a disk of the agent's that does not answer for longer than a runtime waits, a full /run/ksm-hook.
# None fails to start because of us, and then each that asked is mergeable, and no other one.
# needs: containers

pods=40 each=5

suite_setup() {
	"$top/tests/lib/cri-root" "$BUILD/sid-cri" sid >"$work/made" 2>&1 || cat "$work/made"
	# where the chroot has it
	disk=$BUILD/nri-kills.$$
	truncate -s 16M "$disk"
	mkfs.ext4 -q -F "$disk"
	# shellcheck disable=SC2016 # for the inner shell
	timeout 850 unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
		"$top/tests/lib/chroot" run "$BUILD/sid-cri" tests/engines/nri/kills "$KSM_HOOK" "$disk" $pods $each >"$work/out" 2>&1
	echo $? >"$work/status"
}

suite_teardown() {
	rm -f "${disk:-}"
	wait_for 60 cgroup_removed ksm-hook-test-kills 2>/dev/null
}

# under FAULT: what happened often enough, and what came of it
under() {
	assertEquals "$1: $(cat "$work/out")" $((pods * each)) "$(sed -n "s/^$1 started: //p" "$work/out")"
	assertEquals "$1" 0 "$(sed -n "s/^$1 ours: //p" "$work/out")"
	assertEquals "$1" "asked yes $((pods * (each - each / 2))), other no $((pods * (each / 2)))" \
		"$(sed -n "s/^$1 mergeable: //p" "$work/out")"
	_hits=$(sed -n "s/^$1 hits: //p" "$work/out")
	assertTrue "$1: $_hits times" "[ ${_hits:-0} -ge 3 ]"
}

testItRan() {
	assertEquals "$(cat "$work/out")" 0 "$(cat "$work/status")"
	assertContains "$(cat "$work/out")" "version: 2."
}

testTheAgentIsKilled() {
	under agent
}

testTheRuntimeIsKilled() {
	under containerd
}

testBothAreKilled() {
	under both
}

testADiskThatDoesNotAnswer() {
	under disk
}

testAFullRun() {
	under run
}

. "$(dirname "$0")/../lib/common.sh"
