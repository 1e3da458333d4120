#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri's side of NRI, before a stand-in for the runtime (lib/fakes/nri-runtime): calls per
# event, which no containerd here makes yet, and messages that no runtime makes. The containers are
# runc's. engines/nri has real runtimes.
# needs: containers

# id N: as long as an engine's
id() {
	printf '%056x%08x' $$ "$1"
}

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	bundle_make "$work/box" "$work/root" '{}' '{}' sleep 600
	set --
	for n in 1 2 3 4 5 6; do
		state=created
		[ $n -gt 2 ] || state=running
		timeout 60 runc create -b "$work/box" --pid-file "$work/pid" "$(id $n)" </dev/null >"$work/runc" 2>&1 ||
			cat "$work/runc"
		[ $n -gt 2 ] || timeout 60 runc start "$(id $n)"
		set -- "$@" "$(id $n):$(cat "$work/pid"):$state"
	done
	echo '{ "log": "info" }' >"$work/config.json"
	mkdir -p /run/ksm-hook
	mkdir "$work/upper" "$work/upwork"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount -t tmpfs none /run/ksm-hook && mount -t overlay none -o "$0" /etc &&
		mkdir -p /etc/ksm-hook && mount -t tmpfs none /etc/ksm-hook && exec "$@"' "lowerdir=/etc,upperdir=$work/upper,workdir=$work/upwork" \
		"$KSM_HOOK" nri --existing --config="$work/config.json" --socket="$work/nri.sock" 2>"$work/log" &
	agent=$!
	AGENT=$agent KSM_HOOK=$KSM_HOOK VFORK=$BUILD/victims/vfork timeout 300 python3 "$top/tests/lib/fakes/nri-runtime" "$work/nri.sock" "$@" >"$work/out" 2>&1
	rc=$?
}

says() {
	assertEquals "$(tail -n 5 "$work/out") $1" "$2" "$(sed -n "s/^$1: //p" "$work/out")"
}

number() {
	awk -v key="$1:" '$1 == key { print $NF }' "$work/out"
}

testTheStandInIsContent() {
	assertEquals "$(cat "$work/out" "$work/log")" 0 "$rc"
	says registered "10-ksm-hook events=32"
	assertContains "$(cat "$work/log")" "reason=nri-protocol: NRI: the runtime does not register us: not you"
}

testWhatRunsAlready() {
	says synchronize "1 1 0"
	says existing "yes no"
}

testEachWayToSayThatAContainerStarts() {
	says start "0 yes"
	says state-change "0 yes"
	says other-change 0
	says byte-by-byte "0 yes"
	says not-asked "0 no"
	says long "0 no"
}

testAKernelThatLosesItAtExec() {
	says not-executed "0 0 no"
	says executed "yes no"
	assertContains "$(cat "$work/log")" "processes had lost mergeability and are mergeable again"
}

# what doctor asks for; root's alone, and nobody's once the runtime has gone
testWhoIsRegisteredIsKnown() {
	says presence "locked 600 True"
	says presence-after "free False"
}

testWhatItDoesNotKnow() {
	says unknown-method "12 12"
	says malformed 3
	says empty 0
}

# the process of another container, or none's
testForeignProcesses() {
	says foreign "0 no"
	says required "9 True no"
	says another-container "0 no"
	says gone 0
	assertEquals 3 "$(grep -c "reason=init-foreign" "$work/log")"
	assertContains "$(cat "$work/log")" "reason=init-gone"
}

# a runtime drops a plugin after 2 s; the goal is 100 ms, on a machine that may be busy
testAnswersAreQuick() {
	grep -E '^(answer-us|thousand-ms|memory|grown)' "$work/out"
	assertTrue "99 of 100" "[ $(number answer-us) -le 100000 ]"
	assertTrue "a thousand containers" "[ $(number thousand-ms) -le 1000 ]"
}

testMemoryIsBounded() {
	assertTrue "$(number grown) KiB more" "[ $(number grown) -le 256 ]"
	assertTrue "$(number memory) KiB" "[ $(number memory) -le 8192 ]"
	assertTrue "with a thousand containers: $(number memory-thousand) KiB" "[ $(number memory-thousand) -le 8192 ]"
}

testHostileLengthsEndTheConnectionOnly() {
	says again "10-ksm-hook events=32
10-ksm-hook events=32
10-ksm-hook events=32"
	says start-again "0 yes"
	assertContains "$(cat "$work/log")" "the runtime announces a frame of 4294967295 bytes"
	assertContains "$(cat "$work/log")" "the runtime announces a message of 4294967286 bytes"
	assertNotContains "$(cat "$work/log")" "died by signal"
}

# It sees the file, though nobody tells it, and sees it go; who requires merging starts all the same.
testTheKillSwitch() {
	says stopped "0 no"
	assertContains "$(cat "$work/log")" "reason=host-stopped"
	says stopped-existing no
	says stopped-run no
	# and in the midst of those that run already
	says late yes
	says late-stopped "no no no"
	says start-again "0 yes"
	says existing-again yes
}

suite_teardown() {
	kill "$agent" 2>/dev/null
	for n in 1 2 3 4 5 6; do
		runc delete -f "$(id $n)" >/dev/null 2>&1
	done
	wait "$agent" 2>/dev/null
	return 0
}

. "$(dirname "$0")/../lib/common.sh"
