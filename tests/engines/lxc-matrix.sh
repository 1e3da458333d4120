#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# LXC 6, Incus and systemd 257, in a Debian 13 that debootstrap makes once in $BUILD/trixie.
# needs: containers ksmd

packages=lxc,busybox-static,uidmap,incus-base,incus-client,systemd,systemd-container,dbus,ca-certificates,make,shunit2,strace

suite_setup() {
	. "$top/tests/lib/lxc-lib.sh"
	trixie=$BUILD/trixie
	made=$("$top/tests/lib/chroot" make "$trixie" $packages 2>&1) || made="$made, failed"
}

# inside COMMAND...: in the chroot
inside() {
	BUILD="$BUILD" KSM_HOOK="$KSM_HOOK" "$top/tests/lib/chroot" run "$trixie" "$@"
}

testTheChroot() {
	assertTrue "debootstrap: $made" "[ -e '$trixie/.complete' ]"
	said=$(inside lxc-start --version)
	assertEquals "LXC: $said" 6 "${said%%.*}"
}

# both suites whole; their counts must be those of all their tests
testTheSuitesUnderLxc6() {
	for suite in lxc lxc-config; do
		said=$(inside timeout 120 tests/engines/$suite.sh 2>&1)
		tests=$(grep -c '^test[A-Za-z0-9]*() {' "$top/tests/engines/$suite.sh")
		assertContains "$suite: $said" "$said" "$tests passed, 0 failed, 0 skipped"
	done
}

testIncus() {
	said=$(inside timeout 150 tests/engines/lxc-incus 2>&1)
	assertEquals "blocks" 3 "$(doc_blocks Incus "$top/docs/lxc.md" | grep -c '^echo "== ')"
	for block in 1 2 3; do
		assertContains "block $block: $said" "$(block $block)" "ksm_merge_any: yes"
	done
	row=$(block 'done' | awk '$1 == "lxc" && $2 == "web" { print $4 }')
	assertEquals "ps: $said" yes "$row"
}

# verify DIR UNIT: a unit of a service that is not installed is reduced to what the drop-in adds to
verify() {
	inside sh -c '
		mkdir -p /run/systemd/system
		cp -r "$1" /run/systemd/system/"$2".d
		[ -e /usr/lib/systemd/system/"$2" ] ||
			printf "[Service]\nExecStart=/bin/true\n" >/run/systemd/system/"$2"
		systemd-analyze verify --man=no --recursive-errors=no "$3"' sh \
		"$1" "$2" "$(echo "$2" | sed 's/@/@web/')" 2>&1
}

testSystemdDropIns() {
	for unit in docker.service containerd.service lxc@.service systemd-nspawn@.service; do
		said=$(verify "$top/systemd/$unit.d" $unit)
		assertEquals "$unit: $said" "0 " "$? $said"
		# what a wrong one looks like
		rm -rf "$BUILD/wrong.d"
		cp -r "$top/systemd/$unit.d" "$BUILD/wrong.d"
		sed -i 's/=yes/=perhaps/' "$BUILD/wrong.d/50-ksm.conf"
		said=$(verify "$BUILD/wrong.d" $unit)
		assertContains "$unit: $said" "$said" "50-ksm.conf"
	done
	rm -rf "$BUILD/wrong.d"
}

. "$(dirname "$0")/../lib/common.sh"
