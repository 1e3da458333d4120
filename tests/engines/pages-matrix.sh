#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/systemd.md and docs/docker.md, tried as a reader would: their commands, as they stand there, in
# a booted sid with what make install installs.
# needs: containers

packages=docker.io,docker-cli,containerd,runc,systemd,systemd-sysv,systemd-container,dbus,busybox-static,procps,util-linux,ca-certificates,iptables,iproute2

# a root of its own, as other suites boot theirs at the same time
suite_setup() {
	sid=$BUILD/sid-pages
	"$top/tests/lib/chroot" make "$sid" $packages sid >"$work/made" 2>&1 || cat "$work/made"
	"$top/tests/lib/chroot" run "$sid" sh -c 'systemctl --version | head -n 1; containerd --version; dockerd --version'
	make -s -C "$top" BUILD="$BUILD" DESTDIR="$sid" install >"$work/installed" 2>&1 || cat "$work/installed"
	timeout -s KILL 400 "$top/tests/lib/boot" "$sid" tests/engines/pages >"$work/out" 2>&1
	rc=$?
}

suite_teardown() {
	make -s -C "$top" BUILD="$BUILD" DESTDIR="$sid" uninstall >/dev/null 2>&1
}

# said WHAT ANSWER
said() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	assertEquals "$(cat "$work/out")" "$2" "$(sed -n "s/^$1: //p" "$work/out")"
}

testContainerdByADropIn() {
	said "without the drop-in" "no none"
	said "with the drop-in" "yes prctl"
}

testMachinesByADropIn() {
	said "a machine without it" "no none"
	said "a machine with it" "yes prctl"
}

testUndo() {
	said "when it is undone" "no none"
}

# doctor follows the reload at once, as whoever pastes the block has it
testDocker() {
	assertContains "$(cat "$work/out")" "Docker has the runtime ksm-runc"
	assertNotContains "$(cat "$work/out")" "broken"
	said docker yes
	said "docker, by name" "yes prctl"
}

. "$(dirname "$0")/../lib/common.sh"
