#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Docker and containerd suites with Debian 13's: Docker 26.1 (annotations), containerd 1.7.
# needs: containers

packages=docker.io,docker-cli,containerd,runc,busybox-static,ca-certificates,jq,shunit2,python3,procps,util-linux

suite_setup() {
	trixie=$BUILD/trixie-docker
	"$top/tests/lib/chroot" make "$trixie" $packages >"$work/made" 2>&1 || cat "$work/made"
}

# inside SUITE: its count says that nothing failed and nothing was skipped
inside() {
	BUILD="$BUILD" timeout 200 "$top/tests/lib/chroot" run "$trixie" "tests/$1" >"$work/out" 2>&1
	assertEquals "$(cat "$work/out")" 0 $?
	assertTrue "$(cat "$work/out")" "grep -q '^$2 passed, 0 failed, 0 skipped' '$work/out'"
}

testDocker() {
	out=$("$top/tests/lib/chroot" run "$trixie" dockerd --version)
	assertContains "$out" "version 26.1"
	inside engines/docker.sh 11
}

testContainerd() {
	out=$("$top/tests/lib/chroot" run "$trixie" containerd --version)
	assertContains "$out" " 1.7."
	inside engines/containerd.sh 3
}

. "$(dirname "$0")/../lib/common.sh"
