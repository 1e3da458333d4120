#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What counts as a container where sid's systemd runs, with its nspawn and a user's podman.
# needs: containers

packages=podman,crun,passt,uidmap,systemd,systemd-sysv,systemd-container,dbus,dbus-user-session,libpam-systemd,busybox-static,jq,procps,util-linux,ca-certificates,conmon,netavark,aardvark-dns,nftables,catatonit,iproute2

suite_setup() {
	sid=$BUILD/sid-systemd
	"$top/tests/lib/chroot" make "$sid" $packages sid >"$work/made" 2>&1 || cat "$work/made"
	"$top/tests/lib/chroot" run "$sid" sh -c 'systemctl --version | head -n 1; podman --version'
	"$top/tests/lib/boot" "$sid" tests/engines/systemd/units "$KSM_HOOK" >"$work/out" 2>&1
	rc=$?
}

# machines by hand and of a service, a user's quadlets and a container in his own network; not
# their pastas and supervisors, nor services that are shut in, or called as runc's scopes are
testContainers() {
	assertEquals "$(cat "$work/out")" 0 "$rc"
	assertEquals "nspawn box 1
nspawn web 1
nspawn web2 1
podman x 1
podman x 1
podman x 1
podman x 1
podman x 1" "$(sed -n 's/^is //p' "$work/out" | sed 's/^podman [^ ]*/podman x/' | sort)"
	# that there was something to be mistaken for one
	assertContains "$(cat "$work/out")" "pasta 3"
}

# a user's containers have their names for himself, and root's for all: those of Quadlet's units, and of his own choice
testNamesOfAUser() {
	assertEquals "bridged no
systemd-four ?
systemd-one yes
systemd-three ?
systemd-two no" "$(sed -n 's/^user //p' "$work/out" | sort)"
	assertContains "$(cat "$work/out")" "doctor podman:systemd-two is not mergeable"
}

# by the annotation that docs/podman.md has for Quadlet files, of root's units; the other one has none
testQuadlets() {
	assertEquals "systemd-four no
systemd-three yes" "$(sed -n 's/^root //p' "$work/out" | sort)"
}

testOneMachineIsAttached() {
	assertEquals "box no
web yes
web2 no" "$(sed -n 's/^then //p' "$work/out" | sort)"
}

. "$(dirname "$0")/../lib/common.sh"
