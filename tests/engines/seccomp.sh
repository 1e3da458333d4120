#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154,SC2086 # what common.sh sets; words of $limits
# A container cannot make itself mergeable that was started with a profile of
# oci-config/seccomp-refuse-merging; with the engine's own it can.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/daemons-lib.sh"
	. "$top/tests/lib/podman-lib.sh"
	tool=$top/oci-config/seccomp-refuse-merging
	profile=$work/profile.json
	"$tool" >"$profile"
	rootfs_make "$work/root"
	cp "$BUILD/tests/merge-self" "$work/root/bin/merge-self"
	tar -C "$work/root" -cf "$work/image.tar" .
	mkdir "$work/daemon"
	echo '{}' >"$work/daemon/daemon.json"
	daemons_start "$work/daemon"
	wait_for 30 docker_here version >/dev/null 2>&1
	docker_here import "$work/image.tar" image >/dev/null
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
}

suite_teardown() {
	podman_in "$work/r" rm -fa >/dev/null 2>&1
	daemons_end ksm-hook-test ksm-hook-test-ctr
}

docker_here() {
	DOCKER_CONFIG=$work/client timeout 60 docker -H "unix://$work/daemon/d.sock" "$@"
}

ctl() {
	daemons_inside timeout 60 ctr -a "$work/daemon/c.sock" "$@"
}

# tried ENGINE [PROFILE]: what a container of the engine's (of Docker and podman its user 1000 without
# capabilities) reached of all that it tried
tried() {
	_profile=${2:+seccomp=$2}
	case $1 in
	docker)
		docker_here run --rm --network none --user 1000 --cap-drop ALL \
			${_profile:+--security-opt "$_profile"} image /bin/merge-self
		;;
	podman)
		podman_in "$work/r" --runtime runc run --rm $limits --user 1000 --cap-drop ALL \
			${_profile:+--security-opt "$_profile"} image /bin/merge-self
		;;
	containerd)
		ctl run --rm --cgroup /ksm-hook-test-ctr --seccomp \
			${2:+--seccomp-profile "$2"} --rootfs "$work/root" "seccomp-$$" /bin/merge-self
		;;
	esac 2>"$work/err" | sort | paste -sd ' '
}

each() {
	assertEquals "$1: the control" "prctl done" "$(tried "$1" | grep -o 'prctl done')"
	assertEquals "$1: $(cat "$work/err")" "io_uring refused madvise refused madvise-high refused others done prctl refused prctl-high refused process_madvise refused" \
		"$(tried "$1" "$profile")"
}

testDocker() {
	each docker
}

testPodman() {
	each podman
}

testContainerd() {
	each containerd
}

# Nobody else loses anything by it: the rest of the profile is what it was.
testNothingElseChanges() {
	left='del(.syscalls[] | select(.args | tostring | contains("MASKED_EQ")) | select(.names == ["prctl"] or .names == ["madvise"]))
		| .syscalls |= [.[] | .names -= ["prctl", "madvise", "process_madvise", "io_uring_setup", "io_uring_enter", "io_uring_register"] | select(.names | length > 0)]'
	assertEquals "$(jq -S "$left" /usr/share/containers/seccomp.json)" "$(jq -S "$left" "$profile")"
	assertEquals 64 "$("$tool" --fragment | jq length)"
	# once more changes nothing more, and says so
	assertContains "$("$tool" "$profile" 2>&1)" "allows prctl under conditions only"
}

# What cannot be told to refuse these is left alone, and said.
testOtherProfiles() {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}' >"$work/allows.json"
	echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}' >"$work/conditions.json"
	echo '[' >"$work/none.json"
	for p in allows conditions none missing; do
		out=$("$tool" "$work/$p.json" 2>"$work/err")
		assertNotEquals "$p" 0 $?
		assertEquals "$p" "" "$out"
		assertContains "$p" "$(cat "$work/err")" "$work/$p.json: "
	done
}

# The library's method needs what the profile refuses, and must not be added for nothing.
testThePreloadLibrarySeesIt() {
	bundle_make "$work/box" "$work/root" '{}' '{"io.ksm.merge":"true","io.ksm.method":"preload"}' /bin/sleep 1
	jq --slurpfile p "$profile" '.linux.seccomp = {defaultAction: $p[0].defaultAction, syscalls: [$p[0].syscalls[] | {names, action, args: (.args // [])}]}' \
		"$work/box/config.json" >"$work/box/new.json"
	"$KSM_HOOK" precreate --library "$BUILD/libksm_preload.so" <"$work/box/new.json" >"$work/out" 2>"$work/err"
	assertContains "$(cat "$work/err")" reason=preload-seccomp-refuses
	assertTrue "it is left as it is" "cmp '$work/box/new.json' '$work/out'"
}

. "$(dirname "$0")/../lib/common.sh"
