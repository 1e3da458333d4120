#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program and the unit tests built by gcc and clang, against each C library, and with
# ASan and UBSan; the sanitized program then takes all bad input.
#
# The parser stays confined in a sanitized build: on its way it makes no system call that the
# filter does not know. A finding cannot be printed there; it shows as "the parser tried a
# system call", which test_a_finding_is_seen proves and bad-input.sh takes for a failure.

sanitizers="-O1 -g -Werror -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"

# build NAME CC LIBC CFLAGS TARGET...
build() {
	_b=$BUILD/sanitize/$1
	_cc=$2 _libc=$3 _cflags=$4
	shift 4
	make -s -C "$top" -j2 BUILD="$_b" CC="$_cc" LIBC="$_libc" CFLAGS="$_cflags" \
		"$_b/ksm-hook" "$_b/ksm-hook-faults" "$@" >"$work/make" 2>&1
	_ended=$?
	assertEquals "$_cc $_libc: $(tail -n 20 "$work/make")" 0 $_ended
}

# It reads a state, confines its parser, decides and looks at the process.
works() {
	echo '{}' >"$work/config.json"
	printf '{"pid":1,"annotations":{"io.ksm.merge":"true"}}' |
		"$1/ksm-hook" createRuntime --config "$work/config.json" 2>"$work/err"
	assertEquals "$1" 0 $?
	assertContains "$1" "$(cat "$work/err")" "process 1 is not a child of the runtime"
	assertContains "$("$1/ksm-hook" run grep ksm_merge_any /proc/self/ksm_stat 2>&1)" "yes"
}

# What is compiled for a static program is what is compiled for a shared one: that is linked from the same.
test_every_c_library() {
	build gcc-musl gcc musl "-O2 -Werror"
	works "$BUILD/sanitize/gcc-musl"
	for cc in gcc clang; do
		_shared=$BUILD/sanitize/$cc-shared
		build $cc-static $cc static "-O2 -Werror"
		works "$BUILD/sanitize/$cc-static"
		mkdir -p "$_shared"
		cp -au "$BUILD/sanitize/$cc-static/." "$_shared/"
		rm -f "$_shared/ksm-hook" "$_shared/ksm-hook-faults"
		build $cc-shared $cc shared "-O2 -Werror"
		works "$_shared"
		assertContains "$cc-shared is linked to the C library" "$(ldd "$_shared/ksm-hook")" libc.so
	done
}

# run_suite NAME BUILD: another suite, on that build
run_suite() {
	BUILD=$2 "$top/tests/$1" >"$work/suite" 2>&1 </dev/null
	assertContains "$1 on $2: $(grep ASSERT "$work/suite")" "$(cat "$work/suite")" " passed, 0 failed"
}

sanitized() {
	build "asan-$1" "$1" shared "$sanitizers"
	works "$BUILD/sanitize/asan-$1"
	run_suite robustness/bad-input.sh "$BUILD/sanitize/asan-$1"
	run_suite robustness/broken-config.sh "$BUILD/sanitize/asan-$1"
}

# sandbox.sh lets the parser crash, which clang's runtime would like to report itself
test_sanitized_by_gcc() {
	sanitized gcc
	run_suite robustness/sandbox.sh "$BUILD/sanitize/asan-gcc"
}

test_sanitized_by_clang() {
	sanitized clang
}

test_a_finding_is_seen() {
	for cc in gcc clang; do
		printf '{"pid":1,"annotations":{"io.ksm.merge":"true"}}' |
			KSM_FAULT=parser:overrun "$BUILD/sanitize/asan-$cc/ksm-hook-faults" \
				createRuntime --config "$work/config.json" 2>"$work/err"
		assertContains "$cc" "$(cat "$work/err")" "the parser tried a system call"
	done
}

# gcc's are part of make check
test_unit_tests_by_clang() {
	_b=$BUILD/sanitize/clang-shared
	programs=
	for source in "$top"/tests/unit/*/*.c; do
		name=${source#"$top"/tests/unit/} name=${name%.c}
		programs="$programs $_b/unit/$name $_b/unit-san/$name"
	done
	# shellcheck disable=SC2086 # a list
	build clang-shared clang shared "-O2 -Werror" $programs
	for program in $programs; do
		"$program" >"$work/unit" 2>&1 </dev/null
		_ended=$?
		assertEquals "$program: $(tail -n 20 "$work/unit")" 0 $_ended
	done
}

. "$(dirname "$0")/../lib/common.sh"
