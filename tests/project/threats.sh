#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/threats: the threat model names the tests that there are, and all that play an attacker.

suite_setup() {
	mkdir -p "$work/tests/hostile" "$work/tests/engines" "$work/tests/unit/base" "$work/docs"
	cp "$top/tests/threats" "$work/tests/"
}

row='| tenant | a name | hook | it is escaped | `tests/hostile/one.sh:testOne` |'

each_setup() {
	printf 'testOne() {\n\tassertTrue true\n}\n' >"$work/tests/hostile/one.sh"
	printf 'static void cases(void)\n{\n}\n' >"$work/tests/unit/base/text.c"
	rm -f "$work/tests/engines/x-hostile.sh"
	echo 'shown by `tests/hostile/one.sh`, `build/unit/base/text`' >"$work/docs/security.md"
	model "$row"
}

# model ROW...: the page with these rows
model() {
	printf '%s\n' '# Threat model' '' '| who | what they try | boundary | what holds it | test |' \
		'| --- | --- | --- | --- | --- |' "$@" >"$work/docs/threat-model.md"
}

# says TEXT WHAT: one line with the text; nothing at all if it is empty
says() {
	out=$("$work/tests/threats" 2>&1)
	rc=$?
	if [ -z "$1" ]; then
		assertEquals "$2: $out" 0 $rc
		assertEquals "$2" "" "$out"
	else
		assertEquals "$2: $out" 1 $rc
		assertEquals "$2: $out" 1 "$(echo "$out" | wc -l)"
		assertContains "$2" "$out" "$1"
	fi
}

testTheProjectsOwn() {
	assertEquals "" "$("$top/tests/threats" 2>&1)"
	assertTrue "it has rows" "[ $(grep -c '^| .*`tests/' "$top/docs/threat-model.md") -ge 40 ]"
}

testRowsThatHold() {
	says "" "a suite"
	model "$row" '| the same | b | c | d | `tests/unit/base/text.c:cases`; control: `tests/hostile/one.sh:testOne` |'
	says "" "two, and a unit's"
}

# shellcheck disable=SC2016 # Markdown
testRowsThatDoNot() {
	model "$row" '| a | b | c | d | `tests/hostile/two.sh:testOne` |'
	says "threat-model.md:6: there is no tests/hostile/two.sh" "a suite that is not there"
	model "$row" '| a | b | c | d | `tests/hostile/one.sh:testTwo` |'
	says "threat-model.md:6: tests/hostile/one.sh has no test testTwo" "a test that is not there"
	model "$row" '| a | b | c | d | `tests/unit/base/text.c:none` |'
	says "tests/unit/base/text.c has no test none" "a unit's"
	model "$row" '| a | b | c | d | by hand |'
	says "names no test: b" "none"
	model "$row" '| a | b | c | `tests/hostile/one.sh:testOne` |'
	says "a row has 5 cells" "a cell is missing"
	model "$row" '| a | b | | d | `tests/hostile/one.sh:testOne` |'
	says "a row has 5 cells" "an empty cell"
}

testTestsWithoutARow() {
	printf 'testTwo() {\n\tassertTrue true\n}\n' >>"$work/tests/hostile/one.sh"
	says "tests/hostile/one.sh: testTwo stands in no row" "of tests/hostile"
	each_setup
	printf 'testThree() {\n\tassertTrue true\n}\n' >"$work/tests/engines/x-hostile.sh"
	says "tests/engines/x-hostile.sh: testThree stands in no row" "of an engine"
}

# shellcheck disable=SC2016
testSecurity() {
	echo 'shown by `tests/hostile/none.sh`' >"$work/docs/security.md"
	says "security.md:1: there is no tests/hostile/none.sh" "a suite"
	echo 'shown by `build/unit/base/none`' >"$work/docs/security.md"
	says "security.md:1: there is no tests/unit/base/none.c" "a unit's"
}

. "$(dirname "$0")/../lib/common.sh"
