#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore by sid's CRIU, runc, crun and podman: Debian 12's CRIU does not start on Linux 6.18. What
# it restores is as mergeable as who started it, not as what was saved.
# needs: containers

packages=criu,libcriu2,runc,crun,podman,conmon,netavark,nftables,iptables,iproute2,busybox-static,jq,procps,util-linux,ca-certificates,catatonit

suite_setup() {
	sid=$BUILD/sid-criu
	"$top/tests/lib/chroot" make "$sid" "$packages" sid >"$work/made" 2>&1 ||
		cat "$work/made"
	timeout -s KILL 900 "$top/tests/lib/chroot" run "$sid" tests/engines/criu/restore "$KSM_HOOK" >"$work/out" 2>&1
	rc=$?
}

# says CONTAINER WHEN PROCESSES
says() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	assertEquals "$(cat "$work/out")" "$3" "$(sed -n "s/^$1, $2: //p" "$work/out")"
}

# A hook is not called by a restore: what was mapped stays mergeable, as CRIU keeps that of each mapping,
# but nothing new will be. attach repairs it.
testByAHook() {
	for _of in hook crun-hook podman-runc-hook podman-crun-hook; do
		says $_of started "yes yes"
		says $_of restored "no no"
		says $_of mappings yes
	done
	says hook attached "yes yes"
}

testControl() {
	says never restored "no no"
	says never mappings no
}

# where things lie is what was saved, and with it what a shared layout has in common
testTheLayoutIsTheSaved() {
	for _of in hook wrapper crun-hook crun-wrapper; do says $_of layout "as before"; done
}

testByTheWrapper() {
	for _of in wrapper crun-wrapper podman-runc-wrapper podman-crun-wrapper; do
		says $_of started "yes yes"
		says $_of restored "yes yes"
	done
	says podman-runc-wrapper podman runs
	says podman-crun-wrapper podman runs
}

# it decides for a restore as for a start, whatever was saved
testWhatWasSavedUnmerged() {
	for _of in none crun-none; do
		says $_of started "no no"
		says $_of restored "yes yes"
	done
}

. "$(dirname "$0")/../lib/common.sh"
