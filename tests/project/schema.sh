#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# The JSON Schema of config.json says of generated configurations what the program says.

suite_setup() {
	schema=$top/oci-config/ksm-hook.schema.json
	mkdir "$work/cases"
	"$top/tests/project/schema-cases" "$schema" "$work/cases" >"$work/schema-says" || return
	for case in "$work"/cases/*.json; do
		if "$KSM_HOOK" policy check "$case" >"$work/said"; then says=valid; else says=wrong; fi
		number=$(basename "$case" .json)
		echo "$number $says" >>"$work/program-says"
		sed "s|^|$number: |" "$work/said" >>"$work/why"
	done
}

testTheyAgree() {
	assertTrue "as many as promised" "[ $(wc -l <"$work/schema-says") -ge 200 ]"
	differ=$(diff "$work/schema-says" "$work/program-says" | sed -n 's/^> \([0-9]*\) .*/\1/p')
	for number in $differ; do
		fail "the schema has the opposite of: $(grep "^$number: " "$work/why") $(cat "$work/cases/$number.json")"
	done
	assertEquals "" "$differ"
}

# a generator that makes only one kind would prove nothing
testThereAreBothKinds() {
	for kind in valid wrong; do
		assertTrue "$kind ones" "[ $(head -n 200 "$work/schema-says" | grep -c $kind) -ge 50 ]"
	done
}

# where it is wrong is said of each problem
testEachProblemHasItsPlace() {
	assertEquals "each has an answer" "$(wc -l <"$work/schema-says")" \
		"$(cut -d: -f1 "$work/why" | sort -u | wc -l)"
	assertEquals "" "$(grep -vE "^[0-9]{3}: (warning|error): $work/cases/[0-9]{3}.json:[1-9][0-9]*:[1-9][0-9]*: |^[0-9]{3}: valid$" "$work/why")"
}

testWhatIsInstalledIsValid() {
	assertEquals valid "$("$KSM_HOOK" policy check "$top/oci-config/config.json")"
	printf '{ "$schema": "/usr/share/ksm-hook/ksm-hook.schema.json", "log": "info" }' >"$work/with.json"
	assertEquals valid "$("$KSM_HOOK" policy check "$work/with.json")"
}

. "$(dirname "$0")/../lib/common.sh"
