#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' way to a container: pods by CRI, in Debian 13's containerd with the runtime wrapper.
# needs: containers

suite_setup() {
	trixie=$BUILD/trixie-cri
	"$top/tests/lib/cri-root" "$trixie" >"$work/made" 2>&1 || cat "$work/made"
	timeout 120 "$top/tests/lib/chroot" run "$trixie" tests/engines/cri/pods "$KSM_HOOK" >"$work/out" 2>&1 <<-P
		chosen ksm-runc
		chosen-yes ksm-runc io.ksm.merge=true
		chosen-no ksm-runc io.ksm.merge=false
		default runc
		default-yes runc io.ksm.merge=true
		default-no runc io.ksm.merge=false
	P
	rc=$?
}

# pod NAME ANSWER: what its processes say, what it is called, and that it went
pod() {
	_names="- - - -"
	[ "$2" = no ] || _names="default pod container localhost/busybox:1"
	assertEquals "$(cat "$work/out")" 0 "$rc"
	assertEquals "$(cat "$work/out")" "$1 sandbox: $2
$1 container: $2
$1 exec: $2
$1 names: $_names
$1 left: 0" "$(grep "^$1 " "$work/out")"
}

# a RuntimeClass whose handler is ksm-runc
testChosen() {
	pod chosen yes
	pod chosen-yes yes
	pod chosen-no no
}

# the wrapper as the default runtime's BinaryName
testInPlace() {
	pod default no
	pod default-yes yes
	pod default-no no
}

suite_teardown() {
	_empty() {
		for _dir in /sys/fs/cgroup/*/ksm-hook-test; do
			[ ! -d "$_dir" ] || find "$_dir" -depth -type d -exec rmdir {} + || return 1
		done
	}
	wait_for 5 _empty 2>/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
