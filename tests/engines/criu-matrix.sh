#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore by sid's CRIU and runc: Debian 12's CRIU does not start on Linux 6.18. What
# it restores is as mergeable as who started it, not as what was saved.
# needs: containers

suite_setup() {
	sid=$BUILD/sid-criu
	"$top/tests/lib/chroot" make "$sid" criu,runc,busybox-static,jq,procps,util-linux sid >"$work/made" 2>&1 ||
		cat "$work/made"
	timeout -s KILL 400 "$top/tests/lib/chroot" run "$sid" tests/engines/criu/restore "$KSM_HOOK" >"$work/out" 2>&1
	rc=$?
}

# says CONTAINER WHEN PROCESSES
says() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	assertEquals "$(cat "$work/out")" "$3" "$(sed -n "s/^$1, $2: //p" "$work/out")"
}

# a hook is not called by a restore; attach repairs it
testByAHook() {
	says hook started "yes yes"
	says hook restored "no no"
	says hook attached "yes yes"
}

# where things lie is what was saved, and with it what a shared layout has in common
testTheLayoutIsTheSaved() {
	says hook layout "as before"
	says wrapper layout "as before"
}

testByTheWrapper() {
	says wrapper started "yes yes"
	says wrapper restored "yes yes"
}

# it decides for a restore as for a start, whatever was saved
testWhatWasSavedUnmerged() {
	says none started "no no"
	says none restored "yes yes"
}

. "$(dirname "$0")/../lib/common.sh"
