#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# aarch64: suites of this tree on a kernel of that machine, which is emulated (tests/kernels/README.md), in a
# Debian of it. What they run is cross-built. Nothing else here is different from what they do on x86_64.
# needs: nothing

suite_setup() {
	root=$BUILD/cross-arm64 arm=$BUILD/aarch64 debian=$BUILD/guest-arm64 guest=$work/guest
	kernel=$("$top/tests/kernels/fetch" -m arm64 "$BUILD/kernels-arm64" 6.18 | head -n 1)
	# libyajl2 and libprotobuf-c1 are the unit programs'
	"$top/tests/lib/chroot" unpack "$debian" \
		busybox-static,crun,jq,libjemalloc2,libprotobuf-c1,libtcmalloc-minimal4t64,libyajl2,musl,procps,runc,shunit2,strace,binutils \
		arm64 >"$work/made" 2>&1 || cat "$work/made"
	"$top/tests/lib/cross-root" "$root" "$arm" guest-programs deb rpm >"$work/made" 2>&1
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
	_deb=$(echo "$arm"/ksm-hook_*.deb) _rpm=$(echo "$arm"/ksm-hook-*.rpm)
	cp "$_deb" "$guest/ksm-hook.deb"
	printf '#!/bin/sh\nexec /src/tests/kernels/guest /parts\n' >"$guest/run.test"
	chmod 755 "$guest/run.test"
}

# passes LEAST SKIPS WORD...: what tests/kernels/guest is told to run there as this test's part (its manual) passes, at
# least so many tests, but those that SKIPS names. All are run in one machine, and looked at afterwards: while $_part
# is empty, parts are only listed.
passes() {
	_least=$1 _skips=$2
	shift 2
	if [ -z "$_part" ]; then
		echo "part $_test $*" >>"$guest/parts"
		return
	fi
	sed -n "/^=== $_part\$/,/^ended /p" "$work/said" >"$work/part"
	sed 's/^/| /' "$work/part"
	assertEquals "$(grep -A 3 -e '^!' -e '^ASSERT' "$work/part") $(tail -n 20 "$work/err")" "ended 0" "$(tail -n 1 "$work/part")"
	assertEquals "$_skips" "$(sed -n 's/^SKIP //p' "$work/part")"
	# shellcheck disable=SC2046 # words
	set -- $(tail -n 2 "$work/part" | head -n 1)
	assertTrue "$_least tests pass: $*" "[ '${1:-0}' -ge $_least ]"
	assertEquals "failed: $*" 0 "${3:-none}"
}

# in one machine, whatever was chosen
run_all() {
	_part=
	# shellcheck disable=SC2154 # of shunit2
	for _test in $__shunit_suite; do $_test; done
	# The time limit is for a machine that hangs: its clock is its own, however busy this one is.
	"$top/tests/kernels/boot" -i -m 1024 -t 1500 "$kernel" "$debian" "$guest" >"$work/said" 2>"$work/err"
	_ended=$?
	assertTrue "the machine ended with $_ended: $(tail -n 20 "$work/err")" "[ $_ended -le 1 ]"
}

each_setup() {
	[ -e "$work/said" ] || run_all
	# shellcheck disable=SC2154 # of shunit2
	_part=$_shunit_test_
}

# what depends on the machine, and what it stands on
test_units() {
	passes 3000 '' RANDOM_ADDRESSES=2 units
}

# every victim, those of 32 bits (ARM and Thumb) and those with BTI and PAC among them
test_injection() {
	passes 14 'inject:test_frozen_by_cgroup_v1: no cgroup v1 freezer here' inject/inject
}

# The tracer, the hook and the target are killed, stopped or signalled behind each step; a victim of each kind.
test_injection_interrupted() {
	passes 7 '' "'KSM_TEST_VICTIMS=nanosleep read threads regs zombie futex:wake read-32 entry32-thumb:read regs-bti'" \
		inject/interrupted
}

# runc and crun with the hook registered and the annotation set, programs of every kind
test_containers() {
	passes 6 '' engines/oci testRuncEveryKindOfProgram testCrunEveryKindOfProgram testNotAskedIsLeftAlone \
		testUserNamespace testHostPidNamespace testSeccompProfileThatKillsPrctl
}

# groups
test_layout() {
	passes 3 '' RANDOM_ADDRESSES=2 layout/layout testProgramsOfEveryKind testThreads testWrapperGivesSeedsAndSessions
}

# the library, with each of its cases by glibc and musl
test_preload() {
	passes 9 '' preload/preload test_elf test_modes test_auto_without_prctl 'test_cases_*' \
		test_no_system_call_while_nothing_changes test_ld_so_preload_and_setuid test_inherited_flag
}

# What ksmd really merges, and what ps says of it, also by distinct frames; attach and detach, in both modes. Processes
# of which all lies at the same addresses would be taken for forked.
test_merging() {
	passes 7 '' RANDOM_ADDRESSES=2 commands/ps testEqualProcesses testForkIsNoSaving testOwnMemoryOfForkedLiesBetween testHugePages \
		-- commands/attach test_a_container_and_what_it_starts_later test_ps_tells_method_and_exec_sessions \
		test_a_process_and_a_cgroup
}

# packed NAME: what a package has is for that machine, and no more than an x86_64 one of 64 bits has
packed() {
	for program in usr/sbin/ksm-hook usr/libexec/ksm-hook/ksm-hook-http usr/lib64/libksm_preload.so; do
		assertContains "$1 $program" "$(readelf -h "$arm/$1/$program" 2>&1)" AArch64
		assertNotContains "$1 $program needs no library" "$(readelf -l "$arm/$1/$program")" INTERP
	done
	assertFalse "$1: a library of 32 bits" "[ -e '$arm/$1/usr/lib/libksm_preload.so' ]"
	assertEquals "$1" "$("$KSM_HOOK" --version)" "$("$top/tests/lib/chroot" run "$root" qemu-aarch64 "$arm/$1/usr/sbin/ksm-hook" --version)"
	assertTrue "$1: manual" "[ -e '$arm/$1/usr/share/man/man8/ksm-hook.8.gz' ]"
}

# both packages are looked at, and the deb is installed, used and removed there
test_packages() {
	passes 4 '' lib/deb
	[ -n "$_part" ] || return
	assertEquals "arm64 $("$top/packaging/changelog" version)" \
		"$(dpkg-deb -f "$_deb" Architecture) $(dpkg-deb -f "$_deb" Version)"
	assertEquals "aarch64 $("$top/packaging/changelog" version)" "$(rpm -qp --qf '%{ARCH} %{VERSION}' "$_rpm")"
	# where the emulated ones find them
	rm -rf "$arm/deb" "$arm/rpm"
	dpkg-deb -x "$_deb" "$arm/deb"
	mkdir "$arm/rpm"
	rpm2cpio "$_rpm" | (cd "$arm/rpm" && busybox cpio -id 2>/dev/null)
	packed deb
	packed rpm
}

. "$(dirname "$0")/../lib/common.sh"
