# shellcheck shell=sh disable=SC2154 # variables of suites, of common.sh
# SPDX-License-Identifier: Apache-2.0
# What the suites about the runner share: suites that are made, and what it says of them.

suite_setup() {
	mkdir -p "$work/tests/x" "$work/build"
	ln -s "$top/tests/lib" "$work/tests/lib"
	cp "$top/tests/run" "$work/tests/run"
	: >"$work/tests/skips.txt"
}

# made NAME <TEXT: a suite, which TEXT is the tests of
made() {
	{
		printf '#!/bin/sh\n'
		cat
		# shellcheck disable=SC2016 # for the suite
		printf '. "$(dirname "$0")/../lib/common.sh"\n'
	} >"$work/tests/x/$1.sh"
	chmod 755 "$work/tests/x/$1.sh"
}

# plain NAME <TEXT: one that does without shunit2
plain() {
	{
		printf '#!/bin/sh\n'
		cat
	} >"$work/tests/x/$1.sh"
	chmod 755 "$work/tests/x/$1.sh"
}

# ran COUNT STATUS NAME...: what the runner says of these suites, in $out
ran() {
	_count=$1 _status=$2
	shift 2
	_suites=
	for _n; do _suites="$_suites $work/tests/x/$_n.sh"; done
	# shellcheck disable=SC2086 # a list
	out=$(unset CASE SUITE JOBS VERBOSE CI AGAIN
		TMPDIR=$work BUILD=$work/build ${with:-env} "$work/tests/run" $_suites 2>&1)
	assertEquals "status of $*: $out" "$_status" $?
	assertEquals "$*: $out" "$_count" "$(echo "$out" | tail -n 1)"
}

good() {
	made "${1:-good}" <<-'E'
		testOne() { assertTrue true; }
		testTwo() { assertEquals 1 1; }
	E
}
