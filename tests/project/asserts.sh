#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The assertions that suites use: what is not so does not pass. With shunit2's own most of this fails.
# needs: nothing

# counts COMMAND...: in $is "passed" or "failed", if that is what it counts and returns; what it says in $said
counts() {
	_before="$__shunit_assertsPassed $__shunit_assertsFailed"
	is=$(
		"$@" >"$work/said" 2>&1
		_status=$?
		# shellcheck disable=SC2086 # two numbers
		set -- $_before
		case $((__shunit_assertsPassed - $1)),$((__shunit_assertsFailed - $2)),$_status,$__shunit_testSuccess in
		1,0,0,0) echo passed ;;
		0,1,1,1) echo failed ;;
		*) echo "$((__shunit_assertsPassed - $1)) passed, $((__shunit_assertsFailed - $2)) failed, status $_status" ;;
		esac
	)
	said=$(cat "$work/said")
}

# passes COMMAND... and fails COMMAND...: with and without a message, which is told
passes() {
	counts "$@"
	assertEquals "$*: $said" passed "$is"
	_assertion=$1
	shift
	counts "$_assertion" "of what" "$@"
	assertEquals "$_assertion with a message: $*: $said" passed "$is"
}

fails() {
	counts "$@"
	assertEquals "$*: $said" failed "$is"
	_assertion=$1
	shift
	counts "$_assertion" "of what" "$@"
	assertEquals "$_assertion with a message: $*: $said" failed "$is"
	assertEquals "$_assertion: $*: its message: $said" "ASSERT:" "$(printf '%.7s' "$said")"
	[ $# -ne 2 ] || [ -z "$2" ] || assertEquals "$said" "ASSERT:of what" "$(printf '%.14s' "$said")"
}

# both TEXT PART: it is in it; neither TEXT PART: it is not
both() {
	passes assertContains "$1" "$2"
	fails assertNotContains "$1" "$2"
}

neither() {
	fails assertContains "$1" "$2"
	passes assertNotContains "$1" "$2"
}

testAPartOfATextIsFound() {
	both abc b
	both abc abc
	both "$(printf 'a\nb\nc')" "$(printf 'b\nc')"
	both "-n" "-n"
	both "a -e b" "-e"
	both 'a*b' '*'
	both 'a\nb' '\n'
	both 'a\cb' '\cb'
	both '[a]' '[a]'
	both "$(printf 'a\201\202\377b')" "$(printf '\202\377')"
	both "$(printf 'caf\303\251')" "$(printf '\303\251')"
	both "$(printf 'caf\303\251')" "$(printf '\251')"
}

testAnythingElseIsNot() {
	neither abc d
	neither abc B
	neither "" a
	# a line of it
	neither "$(printf 'a\nb')" "$(printf 'b\nc')"
	neither "$(printf 'a\nb\nc')" "$(printf 'a\nc')"
	neither abc "$(printf 'b\n\n.')"
	# patterns
	neither abc 'a*c'
	neither abc 'a?c'
	neither abc '[b]'
	neither abc 'a.c'
	# no escape is one
	neither 'a\tb' "$(printf 'a\tb')"
	neither "$(printf 'a\tb')" 'a\tb'
	neither 'a\\b' 'a\b\'
	neither 'say\c no more' 'say no'
}

testNothingIsInNothing() {
	for _assertion in assertContains assertNotContains; do
		fails $_assertion abc ""
		fails $_assertion "" ""
		counts $_assertion abc
		assertEquals "$_assertion of one word" failed "$is"
		counts $_assertion a b c d
		assertEquals "$_assertion of four words" failed "$is"
	done
}

testConditions() {
	for _true in 0 true "[ 1 -eq 1 ]" "[ -n '' ] || [ -z '' ]" "echo error >&2" "[ x = x ]"; do
		passes assertTrue "$_true"
		fails assertFalse "$_true"
	done
	for _false in 1 137 3 256 false "[ 1 -eq 2 ]" "[ -n '' ]" "grep -q x /dev/null" "cmp -s /dev/null '$0'" "exit 32"; do
		fails assertTrue "$_false"
		passes assertFalse "$_false"
	done
	# none of this shell's
	_here=1
	passes assertTrue "_here=2"
	assertEquals 1 $_here
}

# what a test meant to ask is not known
testConditionsThatAreNone() {
	_none=
	for _no in "" 2 127 126 "[ 1 -eq ]" "[ 1 -eq x ]" "[ $_none -ge 1 ]" no_such_command "/no/such/command" "$work" \
		"grep -q x '$work/none'" "cmp -s '$work/none' '$0'" "[ -e $_none ]" "[ ! -e $_none ]" "[ $_none ]" \
		"[ $_none = $_none ]" "[ $_none != $_none ]" "[ -e '$_none' ]" "[ ! -s '$_none' ]" "true && [ -d $_none ]"; do
		fails assertTrue "$_no"
		fails assertFalse "$_no"
	done
	for _assertion in assertTrue assertFalse; do
		counts $_assertion
		assertEquals "$_assertion of no word" failed "$is"
		counts $_assertion a b c
		assertEquals "$_assertion of three words" failed "$is"
	done
}

# a failure says why
testWhatACommandSays() {
	counts assertTrue "of what" "grep -q x '$work/none'"
	assertContains "$said" "ASSERT:of what grep: $work/none"
	counts assertFalse "of what" "no_such_command"
	assertContains "$said" "not found"
	counts assertContains "of what" abc d
	assertEquals "ASSERT:of what Not found:<d>" "$said"
	counts assertNotContains "of what" abc b
	assertEquals "ASSERT:of what Found:<b>" "$said"
}

. "$(dirname "$0")/../lib/common.sh"
