#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The boost after a start, on this machine's own ksmd.
# needs: ksmd

. "$(dirname "$0")/../lib/ksmd-lib.sh"

testNothingIsDrivenWithoutEnable() {
	"$KSM_HOOK" run -- true
	assertTrue boost_is_off
	assertFalse "[ -e $run/boost ]"
}

testBoostOfARealContainer() {
	rootfs_make "$work/root" /usr/bin/perl
	bundle_make "$work/bundle" "$work/root" "$(hooks_json createRuntime)" '{"io.ksm.merge":"true"}' \
		/usr/bin/perl -e '$x = join("", map { chr(65 + $_ % 26) } 0..4095) x 16384; sleep 1000'
	enable_quietly
	start=$(date +%s)
	# the container keeps the file open, and so would a boost a pipe
	timeout 10 runc run -d -b "$work/bundle" "ksmtest-$$" >"$work/runc.out" 2>&1 </dev/null
	_ended=$?
	assertEquals "$(cat "$work/runc.out")" 0 $_ended
	assertTrue "the start does not wait" "[ $(($(date +%s) - start)) -le 3 ]"
	assertTrue boost_is_on
	wait_for 30 boost_drives || fail "no boost: $(ls $run)"
	for _p in $(drivers); do
		assertEquals "cgroups of $_p" "" "$(grep -v ':/$' "/proc/$_p/cgroup")"
		assertEquals "descriptors of $_p" "" "$(readlink /proc/"$_p"/fd/* |
			grep -vxE "/dev/null|$run|$run/boost")"
		assertEquals / "$(readlink "/proc/$_p/cwd")"
	done
	# another start does not make another one
	"$KSM_HOOK" run -- true
	assertEquals 2 "$(drivers | wc -l)"
	victim=$(runc state "ksmtest-$$" | jq .pid)
	wait_for 15 eval '[ "$(merged_pages $victim)" -gt 16000 ]' || fail "merged: $(merged_pages $victim)"
	wait_for 30 boost_is_off || fail "it does not end"
	assertEquals "quiet again" 80 "$(cat $ksm/pages_to_scan)"
	assertFalse "[ -e $run/boost.pages ]"
	runc delete -f "ksmtest-$$"
}

# conmon and podman wait for pipes, and remove the cgroups that a hook is in
testBoostDoesNotHoldUpPodman() {
	rootfs_make "$work/small"
	mkdir "$work/hooks.d"
	sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/hooks.d/50-ksm-hook.json.in" \
		>"$work/hooks.d/50-ksm-hook.json"
	. "$top/tests/lib/podman-lib.sh"
	_podman() { podman_in "$work/p" --runtime runc --hooks-dir "$work/hooks.d" "$@"; }
	tar -C "$work/small" -c . | _podman import - ksmtest >/dev/null 2>&1
	enable_quietly
	start=$(date +%s)
	out=$(_podman run --rm --annotation io.ksm.merge=true $limits ksmtest cat /proc/self/ksm_stat 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$out" "ksm_merge_any: yes"
	assertTrue "it does not wait for the boost" "[ $(($(date +%s) - start)) -le 8 ]"
	assertTrue boost_is_on
	assertEquals "containers left" "" "$(_podman ps -aq)"
}

# boost: a new one, that drives
boost() {
	enable_quietly
	"$KSM_HOOK" run -- true
	wait_for 30 boost_drives || fail "no boost"
	assertNotEquals 80 "$(cat $ksm/pages_to_scan)"
}

quiet_again() {
	wait_for 30 boost_is_off || fail "it does not end"
	assertEquals "$1" "$2" "$(cat $ksm/pages_to_scan)"
	assertFalse "$1: nothing is left" "[ -e $run/boost.pages ]"
}

testBoostEndsBySignal() {
	boost
	kill "$(worker)"
	quiet_again "SIGTERM" 80
}

testBoostThatIsKilled() {
	boost
	kill -9 "$(worker)"
	quiet_again "SIGKILL of the one that drives" 80
	# and both
	boost
	drivers | xargs kill -9
	wait_for 30 boost_is_off
	assertNotEquals 80 "$(cat $ksm/pages_to_scan)"
	hook status
	assertContains "$out" "a boost was killed"
	"$KSM_HOOK" run -- true
	wait_for 30 boost_drives || fail "no boost after one that was killed"
	drivers | xargs -r kill
	quiet_again "the next one" 80
	# or by disable
	boost
	drivers | xargs kill -9
	wait_for 30 boost_is_off
	hook disable
	assertEquals "$out" 321 "$(cat $ksm/pages_to_scan)"
}

testBoostAndAnAdministrator() {
	boost
	echo 0 >$ksm/run
	quiet_again "stopped" 80
	assertEquals 0 "$(cat $ksm/run)"
	echo 1 >$ksm/run
	boost
	echo 777 >$ksm/pages_to_scan
	quiet_again "another rate" 777
	# which a start does not change
	"$KSM_HOOK" run -- true
	sleep 2 # a boost would be there by now
	assertEquals 777 "$(cat $ksm/pages_to_scan)"
}

testDisableDuringABoost() {
	before=$(values)
	boost
	hook disable
	assertEquals "$out" 0 "$rc"
	assertEquals "$before" "$(values)"
	assertTrue "it has ended" boost_is_off
	assertNotContains "$out" "left alone"
}

. "$(dirname "$0")/../lib/common.sh"
