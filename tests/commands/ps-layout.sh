#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ps --exact: what it says the layout adds to what containers save is no more than the same containers save less
# with private layouts, and most of it. In a pid namespace of its own, with its own /run/ksm-hook.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/layout-lib.sh"

merge='{"io.ksm.merge":"true"}'
in_group() { echo "{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"$1\"}"; }

# sum KEY: of the containers of this suite, in pages; nothing where none has it
sum() {
	"$KSM_HOOK" ps --exact --json >"$work/ps" || fail "ps"
	jq -r --arg key "$1" --arg prefix "$host_prefix" --argjson page "$(getconf PAGESIZE)" \
		'map(select(.id | startswith($prefix)) | .[$key] // empty) | if . == [] then empty else add / $page | floor end' "$work/ps"
}

# three of KIND, each with the annotations that are its argument, merged
three() {
	end_all
	rm -rf "$work/c/$1"-*
	for i in 1 2 3; do
		eval "_a=\$$((i + 1))"
		start "$1" "$1-$i" "$_a"
	done
	merge_all 8
}

# PERCENT: of what private layouts save less, so much is told of KIND
told_and_saved() {
	three $1 "$merge" "$merge" "$merge"
	assertEquals "$1: private layouts add nothing" "" "$(sum saved_by_layout_bytes)"
	_private=$(sum saved_bytes)
	assertNotContains "$("$KSM_HOOK" ps --exact)" LAYOUT
	_a=$(in_group one)
	three $1 "$_a" "$_a" "$_a"
	_told=$(sum saved_by_layout_bytes) _shared=$(sum saved_bytes)
	_adds=$((_shared - _private))
	echo "$1: saved $_shared pages, with private layouts $_private, so the layout adds $_adds; told $_told"
	assertTrue "$1: it adds $_adds" "[ $_adds -gt 500 ]"
	assertTrue "$1: at least $_told, it adds $_adds" "[ $_told -le $((_adds * 105 / 100)) ]"
	assertTrue "$1: most of it, $_told of $_adds" "[ $_told -ge $((_adds * $2 / 100)) ]"
}

# Nearly all is the layout's, and not all of it holds an address: strings.
test_layout_of_hash_tables() {
	told_and_saved perl 75
	"$KSM_HOOK" ps --exact >"$work/table"
	assertContains "$(cat "$work/table")" "LAYOUT"
	assertEquals "each line has it, and the total" 4 "$(awk 'NR == 1 { at = index($0, "LAYOUT") }
		NR > 1 && substr($0, at - 6, 12) ~ /MiB/' "$work/table" | wc -l)"
	assertNotContains "what takes reading is not in the usual table" "$("$KSM_HOOK" ps)" LAYOUT
	assertEquals "nor in its JSON" null "$("$KSM_HOOK" ps --json | jq '.[0].saved_by_layout_bytes')"
	# the same containers as three groups of one each: what is equal still is not the layout's, but that of places
	# that are the same without any randomization
	three perl "$(in_group one)" "$(in_group two)" "$(in_group three)"
	_apart=$(sum saved_by_layout_bytes)
	assertTrue "of three groups $_apart, of one $_told" "[ $_apart -lt $((_told / 4)) ]"
}

# Nearly all is equal data, which no layout is needed for.
test_layout_of_equal_data() {
	told_and_saved redis 75
	assertTrue "the data are not the layout's: $_told of $_shared" "[ $_told -lt $((_shared / 3)) ]"
}

# A private one beside two that share: what it has too is not the layout's.
test_layout_of_two() {
	three perl "$(in_group one)" "$merge" "$(in_group one)"
	_two=$(sum saved_by_layout_bytes)
	assertTrue "two of three: $_two" "[ $_two -gt 500 ]"
	assertEquals "of the private one nothing is said" "true false true" \
		"$(jq -r --arg prefix "$host_prefix" '[.[] | select(.id | startswith($prefix)) | has("saved_by_layout_bytes")] | join(" ")' "$work/ps")"
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
