#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A number that comes to mean another process between the look at a thread and the call in it. On the
# program of before the audit the stranger was made mergeable in 19 of 19 rounds in
# which it was seized, and in 3 of 5 on a busier machine.
# needs: nothing

testAStrangerGetsTheNumber() {
	unshare -p -f --kill-child --mount-proc timeout 120 "$top/tests/hostile/reuse-rounds" "$KSM_HOOK" \
		"$BUILD/tests/threads-end" "$work" >"$work/out" 2>&1
	assertEquals "strangers that were seized, and made mergeable: $(cat "$work/out")" "5 0" "$(cat "$work/out")"
}

. "$(dirname "$0")/../lib/common.sh"
