#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The container image for aarch64, cross-built: what is in it is that machine's, static, and runs in qemu's emulation
# of it. What merging does there, and the packages, are for tests/kernels/aarch64.sh.
# needs: nothing

suite_setup() {
	root=$BUILD/cross-arm64 arm=$BUILD/aarch64
	"$top/tests/lib/cross-root" "$root" "$arm" image-files >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(tail -n 20 "$work/made")" 0 $_ended
	image=localhost/ksm-hook-test:$$
	make -s -C "$top" ARCH=aarch64 BUILD="$arm" IMAGE="$image" image-pack >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(tail -n 20 "$work/made")" 0 $_ended
	mkdir "$work/oci"
	tar -C "$work/oci" -xf "$arm"/ksm-hook-*.oci.tar
}

suite_teardown() {
	podman rmi -f "$image" >/dev/null 2>&1
	return 0
}

emulated() {
	"$top/tests/lib/chroot" run "$root" qemu-aarch64 "$@"
}

testTheImageSaysItsMachine() {
	assertEquals "linux/arm64" "$(podman image inspect --format '{{.Os}}/{{.Architecture}}' "$image" 2>&1)"
	assertContains "$(podman image inspect --format '{{.Config.Entrypoint}} {{.Config.Cmd}}' "$image" 2>&1)" "/ksm-hook"
	assertTrue "an archive" "[ -s '$work/oci/index.json' ]"
}

testItsProgramsAreThatMachines() {
	for program in ksm-hook ksm-hook-http libksm_preload.so; do
		assertContains "$program" "$(readelf -h "$arm/image/$program" 2>&1)" AArch64
	done
	for program in ksm-hook ksm-hook-http; do
		assertNotContains "$program is static" "$(readelf -l "$arm/image/$program")" INTERP
	done
}

# in_image [OPTION...] -- PROGRAM...: from the image's own root, in which there is nothing else
in_image() {
	set -- "$@" --
	_options=
	while [ "$1" != -- ]; do
		_options="$_options $1"
		shift
	done
	shift
	_words=
	while [ "$1" != -- ]; do
		_words="$_words $1"
		shift
	done
	# shellcheck disable=SC2086 # words
	podman --runtime runc --cgroup-manager cgroupfs run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --arch arm64 \
		--volume "$root/usr/bin/qemu-aarch64:/qemu-aarch64:ro" --entrypoint /qemu-aarch64 $_options "$image" $_words 2>&1
}

testTheyRunInTheImage() {
	assertEquals "$("$KSM_HOOK" --version)" "$(in_image -- /ksm-hook --version)"
	assertContains "$(in_image -- /ksm-hook-http)" "ksm-hook nri --listen"
	# what the image's command is
	assertContains "$(in_image -- /ksm-hook nri --help)" "--features"
	# what the chart's test runs; qemu does not know the call
	out=$(in_image -- /ksm-hook status --mergeable)
	assertEquals "$out" 1 $?
	assertContains "$out" "the kernel has no prctl(PR_SET_MEMORY_MERGE)"
	# and the library in a program of that machine
	"$top/tests/lib/chroot" run "$root" sh -c 'echo "int main(void) { return 0; }" | aarch64-linux-gnu-gcc -xc -o "$0" -' "$arm/program"
	_lib=$root/usr/aarch64-linux-gnu/lib
	out=$(in_image --volume "$_lib:/lib:ro" --volume "$arm/program:/program:ro" -- \
		-E LD_PRELOAD=/libksm_preload.so -E LD_TRACE_LOADED_OBJECTS=1 /program)
	assertContains "$out" "/libksm_preload.so (0x"
	out=$(in_image --volume "$_lib:/lib:ro" --volume "$arm/program:/program:ro" -- \
		-E LD_PRELOAD=/libksm_preload.so -E KSM_PRELOAD_DEBUG=1 /program)
	assertEquals "$out" 0 $?
}

testTheyRun() {
	assertEquals "$("$KSM_HOOK" --version)" "$(emulated "$arm/image/ksm-hook" --version)"
	assertContains "$(emulated "$arm/image/ksm-hook" nri --help)" "--features"
	# a hook that has nothing to do; qemu has no seccomp(2), without which nothing more is done
	out=$(echo '{"id":"c1","annotations":{}}' | emulated "$arm/image/ksm-hook" createRuntime 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$(emulated "$arm/image/ksm-hook" createRuntime --nothing 2>&1)" "nothing was done"
	# which the agent starts with two sockets
	assertContains "$(emulated "$arm/image/ksm-hook-http" </dev/null 2>&1)" "ksm-hook nri --listen"
}

. "$(dirname "$0")/../lib/common.sh"
