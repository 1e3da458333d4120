#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# aarch64: suites of this tree on a kernel of that machine, which is emulated (tests/kernels/README.md), in a
# Debian of it. What they run is cross-built. Nothing else here is different from what they do on x86_64.
# needs: nothing

suite_setup() {
	arm=$BUILD/aarch64 debian=$BUILD/guest-arm64 guest=$work/guest
	kernel=$("$top/tests/kernels/fetch" -m arm64 "$BUILD/kernels-arm64" 6.18 | head -n 1)
	# libyajl2 and libprotobuf-c1 are the unit programs'
	"$top/tests/lib/chroot" unpack "$debian" \
		busybox-static,crun,jq,libjemalloc2,libprotobuf-c1,libtcmalloc-minimal4t64,libyajl2,musl,procps,runc,shunit2,strace,binutils \
		arm64 >"$work/made" 2>&1 || cat "$work/made"
	"$top/tests/lib/cross-root" "$BUILD/cross-arm64" "$arm" guest-programs >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(tail -n 20 "$work/made")" 0 $_ended
	make -s -C "$top" ARCH=aarch64 BUILD="$arm" go-programs >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(tail -n 20 "$work/made")" 0 $_ended
	mkdir -p "$guest/src/build"
	cp -r "$top/tests" "$guest/src/"
	cp -r "$arm"/guest/* "$guest/src/build/"
	cp "$arm/victims/goroutines" "$guest/src/build/victims/"
	cp -r "$arm/kinds/go" "$guest/src/build/kinds/"
}

# passes LEAST SKIPS WORD...: what tests/kernels/guest is told to run there passes, at least so many tests, but those
# that SKIPS names. The time limit is for a machine that hangs: its clock is its own, however busy this one is.
passes() {
	_least=$1 _skips=$2
	shift 2
	printf '#!/bin/sh\n%s exec /src/tests/kernels/guest %s\n' "${victims:-}" "$*" >"$guest/run.test"
	chmod 755 "$guest/run.test"
	"$top/tests/kernels/boot" -i -m 1024 -t 1500 "$kernel" "$debian" "$guest" >"$work/said" 2>"$work/err"
	_ended=$?
	sed 's/^/| /' "$work/said"
	assertEquals "$(grep -A 3 -e '^!' -e '^ASSERT' "$work/said") $(tail -n 20 "$work/err")" 0 $_ended
	assertEquals "$_skips" "$(sed -n 's/^SKIP //p' "$work/said")"
	# shellcheck disable=SC2046 # words
	set -- $(tail -n 1 "$work/said")
	assertTrue "$_least tests pass: $*" "[ '${1:-0}' -ge $_least ]"
	assertEquals "failed: $*" 0 "${3:-none}"
}

# what depends on the machine, and what it stands on
test_units() {
	passes 3000 '' units
}

# every victim, those of 32 bits (ARM and Thumb) and those with BTI and PAC among them
test_injection() {
	passes 14 'inject:test_frozen_by_cgroup_v1: no cgroup v1 freezer here' inject/inject
}

# The tracer, the hook and the target are killed, stopped or signalled behind each step; a victim of each kind.
test_injection_interrupted() {
	victims='KSM_TEST_VICTIMS="nanosleep read threads regs zombie futex:wake read-32 entry32-thumb:read regs-bti"'
	passes 7 '' inject/interrupted
	victims=
}

# runc and crun with the hook registered and the annotation set, programs of every kind, and groups
test_containers() {
	passes 9 '' engines/oci testRuncEveryKindOfProgram testCrunEveryKindOfProgram testNotAskedIsLeftAlone \
		testUserNamespace testHostPidNamespace testSeccompProfileThatKillsPrctl \
		-- layout/layout testProgramsOfEveryKind testThreads testWrapperGivesSeedsAndSessions
}

# The library, but for its cases of allocation, which tests/kernels/page-sizes.sh has some of.
test_preload() {
	passes 7 '' preload/preload test_elf test_modes test_auto_without_prctl test_cases_off \
		test_no_system_call_while_nothing_changes test_ld_so_preload_and_setuid test_inherited_flag
}

# what ksmd really merges, and what ps says of it, also by distinct frames; attach and detach, in both modes
test_merging() {
	passes 6 '' commands/ps testEqualProcesses testForkIsNoSaving testOwnMemoryOfForkedLiesBetween testHugePages \
		-- commands/attach test_a_container_and_what_it_starts_later test_ps_tells_method_and_exec_sessions
}

. "$(dirname "$0")/../lib/common.sh"
