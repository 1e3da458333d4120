#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The harness that boots other kernels (tests/kernels): a failure inside must come out.
# shellcheck disable=SC2016,SC2154 # text for another shell; set by common.sh

suite_setup() {
	kernel=$("$top/tests/kernels/fetch" "$BUILD/kernels" 6.1 6.12 | head -n 1)
	root=$work/root
}

# script LINES: what is run in the kernel, in an otherwise empty root
script() {
	rm -rf "$root"
	mkdir "$root"
	printf '#!/bin/sh\n%s\n' "$1" >"$root/run.test"
	chmod 755 "$root/run.test"
}

run() {
	"$top/tests/kernels/boot" "$@" "$kernel" "$root" >"$work/out" 2>"$work/err"
	rc=$?
}

test_output_and_status_come_out() {
	script 'echo to stdout; echo to stderr >&2; head -c 300000 /dev/zero; exit 7'
	run
	assertEquals 7 $rc
	assertEquals 'to stdout' "$(head -n 1 "$work/out")"
	assertEquals 'all of it, byte for byte' 300010 "$(wc -c <"$work/out")"
	assertEquals 'to stderr' "$(cat "$work/err")"
}

test_who_keeps_the_output_open_loses_nothing() {
	script 'echo kept; sleep 1000 &'
	run
	assertEquals 0 $rc
	assertEquals kept "$(cat "$work/out")"
}

test_time_limit() {
	script 'echo begun; sleep 1000'
	run -t 25
	assertEquals 124 $rc
	assertEquals begun "$(cat "$work/out")"
}

test_panic_is_no_success() {
	script 'echo c >/proc/sysrq-trigger; sleep 10'
	run
	assertEquals 125 $rc
	assertContains "$(cat "$work/err")" 'Kernel Offset'
}

test_machine() {
	script 'nproc; awk "\$3 == \"cgroup2\"{ print \$2 }" /proc/mounts; cat /sys/kernel/mm/ksm/run'
	run -c 2
	assertEquals "2 /sys/fs/cgroup 1" "$(paste -sd' ' "$work/out")"
}

test_cgroup_v1() {
	script 'mkdir /sys/fs/cgroup/freezer/a && echo $$ >/sys/fs/cgroup/freezer/a/tasks && grep -o freezer:/a /proc/self/cgroup'
	run -1
	assertEquals 0 $rc
	assertEquals freezer:/a "$(cat "$work/out")"
}

test_staged_programs_find_their_libraries() {
	printf '#include <stdio.h>\nint main(void) { puts("from musl"); }\n' >"$work/hello.c"
	musl-gcc -o "$work/hello" "$work/hello.c" || fail "no musl-gcc"
	script '/hello && /usr/bin/perl -e "print qq(from glibc\n)"'
	"$top/tests/kernels/stage" "$root" "$work/hello:/hello" /usr/bin/perl
	assertEquals 0 $?
	run
	assertEquals 0 $rc
	assertEquals 'from musl from glibc' "$(paste -sd' ' "$work/out")"
}

test_stage_names_what_is_missing() {
	assertContains "$("$top/tests/kernels/stage" "$work/root" /no/such/file 2>&1)" 'no file /no/such/file'
	assertFalse '"$top/tests/kernels/stage" "$work/root" /no/such/file 2>/dev/null'
}

test_fetch_names_what_is_not_to_be_had() {
	"$top/tests/kernels/fetch" "$BUILD/kernels" 6.3 6.1 >"$work/out" 2>"$work/err"
	assertEquals 'the others are still got' 0 $?
	assertEquals 1 "$(wc -l <"$work/out")"
	assertContains "$(cat "$work/err")" '6.3: not in the archive'
	assertFalse '"$top/tests/kernels/fetch" "$BUILD/kernels" 6.3 >/dev/null 2>&1'
}

# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"
