#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# estimate --layout=shared: what it tells of private containers is what ksmd frees of those that share a layout.
# In a pid namespace of its own, where no other mergeable processes are met, and with its own /run/ksm-hook.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/layout-lib.sh"

layout='{"io.ksm.merge":"true","io.ksm.layout":"shared","io.ksm.group":"canary"}'

# what a shared layout frees is told of KIND before anybody has it: a private three, and a pair
told_and_freed() {
	for i in 1 2 3; do start "$1" "$1-$i"; done
	_private=$(all)
	"$KSM_HOOK" estimate --json --layout=shared $_private >"$work/told" || fail "estimate"
	for i in 1 2; do start "$1" "$1-pair-$i" "$layout"; done
	"$KSM_HOOK" estimate --json --layout=shared --pair="${host_prefix}$1-pair-1" --pair="${host_prefix}$1-pair-2" \
		$_private >"$work/pair" || fail "estimate --pair"
	assertEquals "nothing is merged yet" 0 "$(jq .total.merged_bytes "$work/told")"
	end_all
	rm -rf "$work/c/$1"-*
	for i in 1 2 3; do start "$1" "$1-shared-$i" "$layout"; done
	_before=$(yardstick frames)
	merge_all 8
	_freed=$((_before - $(yardstick frames)))
	_page=$(getconf PAGESIZE)
	_least=$(($(jq .layout.at_least_bytes "$work/told") / _page))
	_most=$(($(jq .layout.at_most_bytes "$work/told") / _page))
	_pair=$(($(jq .layout.pair_bytes "$work/pair") / _page))
	_saves=$(($(jq .total.saves_bytes "$work/told") / _page))
	echo "$1: told $_least to $_most pages, by a pair $_pair, freed $_freed, with private layouts $_saves"
	assertTrue "$1: it frees something" "[ $_freed -gt 5000 ]"
	assertTrue "$1: and the layout adds to it" "[ $_freed -gt $((_saves * 5 / 4)) ]"
	within 15 "$1 by a pair" $_pair $_freed
	# the containers are not those that were read: a twentieth
	assertTrue "$1: at least $_least, freed $_freed" "[ $_least -le $((_freed * 105 / 100)) ]"
	assertTrue "$1: at most $_most, freed $_freed" "[ $_most -ge $((_freed * 95 / 100)) ]"
}

# The order of its hash tables is random: a comparison cannot know, a pair does.
test_layout_of_hash_tables() {
	told_and_freed perl
	# a pair that is merged tells the same
	_merged=$(($("$KSM_HOOK" estimate --json --layout=shared --pair="${host_prefix}perl-shared-1" \
		--pair="${host_prefix}perl-shared-2" $(all) 2>"$work/said" | jq .layout.pair_bytes) / _page))
	within 15 "perl by a merged pair" $_merged $_freed
	assertContains "the text says so" "$("$KSM_HOOK" estimate --layout=shared $(all) 2>&1)" "at least"
}

# Only addresses differ: the comparison finds it, and the text names no pair.
test_layout_of_addresses() {
	told_and_freed php
	within 15 "php by comparison" $_least $_freed
}

test_layout_refuses() {
	start perl perl-1
	_one=${host_prefix}perl-1
	for _words in "--pair=$_one --pair=$_one $_one" "--layout=shared --pair=$_one $_one" "--layout=shared --pair=$_one --pair=$_one" \
		"--layout=private --pair=$_one --pair=$_one $_one" "--layout=both" "--layout=shared --format=prometheus $_one"; do
		"$KSM_HOOK" estimate $_words >"$work/out" 2>&1
		_ended=$?
		assertEquals "$_words: $(cat "$work/out")" 2 $_ended
	done
	"$KSM_HOOK" estimate --layout=shared --pair=$_one --pair=$_one $_one >"$work/out" 2>&1
	_ended=$?
	assertEquals "it shares no layout: $(cat "$work/out")" 1 $_ended
	assertContains "$(cat "$work/out")" "has no shared layout"
	assertEquals "without the option nothing is said" null "$("$KSM_HOOK" estimate --json $_one | jq .layout)"
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
