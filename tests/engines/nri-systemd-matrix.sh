#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri as the unit that is shipped, started by sid's systemd beside a real containerd and, in the
# end, a real ksmtuned. project/units has what systemd says of it without running it.
# needs: containers ksmd

suite_setup() {
	root=$BUILD/sid-systemd-cri
	"$top/tests/lib/cri-root" "$root" sid systemd systemd-sysv dbus procps ksmtuned >"$work/made" 2>&1 ||
		cat "$work/made"
	BOOT_SECONDS=600 "$top/tests/lib/boot" "$root" tests/engines/nri/systemd "$KSM_HOOK" >"$work/out" 2>&1
	rc=$?
}

suite_teardown() {
	wait_for 60 cgroup_removed ksm-hook-test-nri 2>/dev/null
}

says() {
	assertEquals "$1" "$2" "$(sed -n "s/^$1: *//p" "$work/out")"
}

testItRan() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	says failed 0
}

testItStarts() {
	says started "active enabled-runtime"
	says registered "containerd 10-ksm-hook"
}

testPods() {
	says asked yes
	says not-asked no
	says filtered yes
}

testCrunBeneathContainerd() {
	says crun yes
	# where runc has a state.json
	says crun-state status
	says crun-not no
	says crun-filtered yes
}

# four capabilities; no filter of its own, behind which it could not suspend a container's
testItsRights() {
	says rights "0000000000280024 0000000000280024 1 0"
	says reader "0000000000000000 1 2"
	says writable /run/ksm-hook
	# settings of the kernel
	says opened /sys/kernel/mm/ksm/run
	says hidden ""
	says network own
}

# what docs/security.md promises
testItsExposure() {
	most=$(tr '\n' ' ' <"$top/docs/security.md" | sed -n "s/.*\([0-9]\.[0-9]\) for the agent's.*/\1/p")
	is=$(sed -n 's/^exposure: //p' "$work/out")
	assertNotNull "$most" "$is"
	assertTrue "$is, at most $most" "awk -v is='$is' -v most='$most' 'BEGIN { exit !(is <= most) }'"
}

testItComesBack() {
	says after-kill yes
	says after-restart yes
}

testMetricsAndProbes() {
	says ready "200 ok"
	says metrics 1
}

testKsmdIsSetBack() {
	says untouched "run 0 sleep 37 zero 0"
	says ksmd "run 1 sleep 20 zero 1"
	says ksmd-after-kill "run 1 sleep 20 zero 1"
	says ksmd-after "run 0 sleep 37 zero 0 pages 321"
}

testItStops() {
	says stopped "inactive success 0"
	says left 0
	says names-kept yes
}

# what that writes stays, and pods are made mergeable as ever
testBesideKsmtuned() {
	says beside-ksmtuned yes
	says ready-beside "503 ksmd does not run: ksm-hook enable on the node starts it, or --profile"
	says ksmd-beside "run 0 sleep 37 zero 0"
	says other-tuner 1
	says ksmd-left yes
	says beside-too yes
	says ksmd-left-after yes
}

. "$(dirname "$0")/../lib/common.sh"
