#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libFuzzer for some seconds on each parser of untrusted text, from real samples. `make fuzz
# SECONDS=3600` takes longer. What was found once, unit/fuzz/seeds looks for in every `make check`.

# So long each; a machine that is busy still gets a few thousand calls done.
SECONDS_EACH=10

testEveryParser() {
	set -- "$BUILD"/fuzz/fuzz_*
	"$top/tests/robustness/fuzz/run" $(($# * SECONDS_EACH)) >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	cat "$work/out"
	for target; do
		name=${target##*/fuzz_}
		runs=$(sed -n "s/^$name  *\([0-9]*\) executions.*/\1/p" "$work/out")
		assertTrue "$name: only ${runs:-no} executions" "[ ${runs:-0} -gt 100 ]"
	done
}

# What crashes is told, kept and a failure: else the above proves nothing.
testACrashIsKept() {
	mkdir -p "$work/fuzz"
	cat >"$work/bad.c" <<'C'
#include <stdint.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 && data[0] == 'K')
		abort();
	return 0;
}
C
	clang -fsanitize=fuzzer -o "$work/fuzz/fuzz_bad" "$work/bad.c"
	assertEquals 0 $?
	BUILD=$work "$top/tests/robustness/fuzz/run" 60 >"$work/out" 2>&1
	assertEquals 1 $?
	assertContains "$(cat "$work/out")" "bad: FAILED"
	set -- "$work"/fuzz/found/bad-crash-*
	assertEquals K "$(head -c 1 "$1")"
}

. "$(dirname "$0")/../lib/common.sh"
