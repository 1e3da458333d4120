#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/patterns finds what it is there for, and nothing else.

suite_setup() {
	mkdir -p "$work/tests/x" "$work/tests/lib"
	cp "$top/tests/patterns" "$work/tests/"
}

# found LINE...: what is said of a suite whose only test has these lines and an assertion
found() {
	{
		echo 'testIt() {'
		printf '\t%s\n' "$@"
		printf '\tassertTrue true\n}\n'
	} >"$work/tests/x/one.sh"
	"$work/tests/patterns" 2>&1
}

# shellcheck disable=SC2016 # texts
testWhatIsFound() {
	for _bad in 'run && assertTrue true' 'run && fail "no"' 'wait_for 10 test "$(cat x)" = y' \
		'poll 5 true' 'sleep 1' '[ -e x ] || sleep 0.3' 'run; sleep 2; stop' 'if x; then sleep 2; fi' \
		'assertEquals "$(cat x)" 0 $?'; do
		out=$(found "$_bad")
		assertEquals "$_bad: $out" 1 $?
		assertContains "$out" "$out" "tests/x/one.sh:2: "
	done
}

# shellcheck disable=SC2016
testWhatIsNot() {
	for _good in 'run || fail "no"' 'wait_for 10 eval "[ \$(cat x) = y ]"' 'wait_for 10 x || fail "$(cat x)"' \
		'poll 5 true || return' 'sleep 1 # between two looks' 'sleep 600 &' 'start x sleep 5' \
		'# run && assertTrue true' 'assertEquals "$out" 0 $?'; do
		out=$(found "$_good")
		assertEquals "$_good: $out" 0 $?
	done
}

testATestWithoutAnAssertion() {
	printf 'says() { echo x; }\ntestIt() { says; }\n' >"$work/tests/x/one.sh"
	out=$("$work/tests/patterns")
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "testIt asserts nothing"
	printf 'says() { assertTrue x; }\n' >"$work/tests/lib/x.sh"
	printf 'two() { says; }\ntestIt() { two; }\n' >"$work/tests/x/one.sh"
	out=$("$work/tests/patterns")
	assertEquals "$out" 0 $?
}

. "$(dirname "$0")/../lib/common.sh"
