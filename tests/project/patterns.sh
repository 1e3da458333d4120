#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/patterns, and of tests/layers the rule that no compiler and no other tool is near to, find what they are
# there for, and nothing else.

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

# decides FILE LINE: what tests/layers says of a file that has this line, of the texts of errors
decides() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/hook/base" "$work/tree/hook/oci" "$work/tree/hook/kernel" "$work/tree/openvz" "$work/tree/http" "$work/tree/preload"
	printf '%s\n' "$2" >"$work/tree/$1"
	"$top/tests/layers" "$work/tree" 2>/dev/null | grep 'the text of an error decides'
}

testTextsOfErrors() {
	for _bad in '	if (err->msg[0])' '	if (r == 0 && !settings.err.msg[0]) {' '	return *err.msg ? r : 0;' \
		'	int r = !*c->err.msg;' '	if (strstr(err.msg, "denied"))' '	return strlen(a->err.msg) > 0;' \
		'	return why.msg[n] == 1;' '	if (strcmp(err->msg, "") == 0)' "	err->msg[0] = '\\0';"; do
		assertContains "$_bad" "$(decides hook/oci/one.c "$_bad")" "hook/oci/one.c:1: "
		assertEquals "in base: $_bad" "" "$(decides hook/base/one.c "$_bad")"
	done
	for _good in '	log_warning("%s", err.msg);' '	printable(text, sizeof(text), err->msg, strlen(err->msg));' \
		'	if (err.reason == REASON_NONE)' '	end_text(err->msg, sizeof(err->msg));' '	struct message *msg;' \
		'	char shown[4 * sizeof(((struct error *)NULL)->msg)];'; do
		assertEquals "$_good" "" "$(decides hook/oci/one.c "$_good")"
	done
	# by a file that has a leave of its own, and only by that
	assertEquals "" "$(decides hook/kernel/memory_headroom.c '	len = strlen(err->msg);')"
	assertContains "elsewhere" "$(decides hook/kernel/one.c '	len = strlen(err->msg);')" "hook/kernel/one.c:1: "
}

. "$(dirname "$0")/../lib/common.sh"
