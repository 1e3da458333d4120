#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A user's own Docker, rootless, in a booted sid: what it is called, and what doctor says of it.
# needs: containers

packages=docker.io,docker-cli,rootlesskit,slirp4netns,uidmap,systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,busybox-static,procps,util-linux,ca-certificates,iptables,iproute2

suite_setup() {
	sid=$BUILD/sid-docker
	"$top/tests/lib/chroot" make "$sid" $packages sid >"$work/made" 2>&1 || cat "$work/made"
	"$top/tests/lib/chroot" run "$sid" sh -c 'dockerd --version'
	timeout -s KILL 400 "$top/tests/lib/boot" "$sid" tests/engines/docker/rootless "$KSM_HOOK" >"$work/out" 2>&1
	rc=$?
}

# line NAME: what the script says of it
line() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	sed -n "s/^$1: //p" "$work/out"
}

# its name is the user's; root has the id
testNames() {
	assertEquals "$(cat "$work/out")" "docker web" "$(line user)"
	assertEquals "$(cat "$work/out")" "docker" "$(line root)"
}

# what doctor prints is the user's file, and puts it right
testDoctor() {
	assertContains "$(line fix)" "docker-register add /home/alice/.config/docker/daemon.json && systemctl --user reload docker"
	assertEquals "$(cat "$work/out")" "broken" "$(line added)"
	assertEquals "$(cat "$work/out")" "systemctl --user reload docker" "$(line reload)"
	assertEquals "$(cat "$work/out")" "ok" "$(line repaired)"
	assertEquals "$(cat "$work/out")" "yes" "$(line mergeable)"
}

. "$(dirname "$0")/../lib/common.sh"
