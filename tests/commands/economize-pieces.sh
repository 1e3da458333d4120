#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# economize --pieces: on real containers and the real ksmd, what holds nothing merged is left out of scans, what
# is merged stays so, and what becomes equal later is found later.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

[ -n "${ECONOMIZE_NAMESPACE:-}" ] ||
	ECONOMIZE_NAMESPACE=1 exec unshare -p -f -m --mount-proc --propagation private "$0" "$@"

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/economize-lib.sh"

equal=500 others=3000

# pieces NAME [ANNOTATIONS [COMMAND]]
pieces() {
	container "$1" "${2:-{\}}" "${3:-exec pieces $equal $others}"
}

# of those of it that run a program of ours
stat_of() {
	for _p in $(pids_of "$1"); do
		sed -n "s/^$2 *//p" "/proc/$_p/ksm_stat"
	done | awk '{ n += $1 } END { print n + 0 }'
}
records() { stat_of "$1" ksm_rmap_items; }
merged() { stat_of "$1" ksm_merging_pages; }
mappings() { for _p in $(pids_of "$1"); do wc -l <"/proc/$_p/maps"; done | sort -n | tail -n 1; }

# told SIGNAL WORD NAME: what pieces does of itself
told() {
	for _p in $(pids_of "$3"); do
		[ "$(cat "/proc/$_p/comm")" != pieces ] || kill "-$1" "$_p"
	done
	wait_for 10 grep -q "$2" "$work/$3.out"
}
alike() { told USR1 alike "$1"; }
apart() { told USR2 apart "$1"; }

# seen for long enough
look_twice() {
	economize '{}' --json --pieces --min-age=0 "$@"
	scans 3
	economize '{}' --json --pieces --min-age=0 "$@"
}

testOnlyWhatHoldsSomethingMerged() {
	pieces one
	pieces two
	pieces off '{"io.ksm.economy": "off"}'
	attach one two off
	scans 4
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "0 kept economy-pays" "$_status $(of one)"
	economize '{}' --json --pieces --min-age=0
	assertEquals "no scan lies between: $(said)" "kept economy-pays" "$(of one)"
	scans 3
	economize '{}' --json --min-age=0
	assertEquals "not asked for: $(said)" "kept economy-pays" "$(of one)"
	look_twice --dry-run
	assertEquals "nothing was remembered: $(said)" "kept economy-pays" "$(of one)"
	economize '{}' --json --pieces --min-age=0
	scans 3
	economize '{}' --json --pieces
	assertEquals "not for ten minutes: $(said)" "kept economy-pays" "$(of one)"
	economize '{}' --json --pieces --min-age=0 --dry-run
	assertEquals "$(said)" "would-narrow economy-pieces" "$(of one)"
	_before=$(merged one)
	assertTrue "all records: $(records one)" "[ $(records one) -gt $others ]"
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "0 narrowed economy-pieces" "$_status $(of one)"
	assertEquals "$(said)" "kept economy-off" "$(of off)"
	scans 3
	assertEquals "what is merged stays so" "$_before" "$(merged one)"
	assertTrue "left out: $(records one)" "[ $(records one) -lt $((equal + 200)) ]"
	assertTrue "off: $(records off)" "[ $(records off) -gt $others ]"
	assertEquals "what it maps later is" yes "$(mergeable one)"
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "kept economy-narrowed" "$(of one)"
	# who does not ask for it any more does not forget
	economize '{}' --json --min-age=0
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "kept economy-narrowed" "$(of one)"

	# all of it becomes equal: that is not found, until it is due
	alike one
	alike two
	scans 4
	assertTrue "not found: $(merged one)" "[ $(merged one) -lt $((equal + 200)) ]"
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "kept economy-narrowed" "$(of one)"
	economize '{}' --json --pieces --min-age=0 --again=0 --dry-run
	assertEquals "$(said)" "would-widen economy-again" "$(of one)"
	economize '{}' --json --pieces --min-age=0 --again=0
	assertEquals "$(said)" "widened economy-again" "$(of one)"
	scans 4
	assertTrue "found: $(merged one)" "[ $(merged one) -gt $others ]"
	# and what is mostly equal is left as it is
	look_twice
	assertEquals "$(said)" "kept economy-pays" "$(of one)"
	assertTrue "$(records one)" "[ $(records one) -gt $others ]"
}

# What it forks has the same pieces; what it starts has all, and the container costs more: it has grown.
testAllProcessesOfItAndWhatIsNew() {
	pieces one '{}' "pieces $equal $others & exec pieces $equal $others"
	_two_ready() { [ "$(grep -c ready "$work/one.out")" -eq 2 ]; }
	wait_for 10 _two_ready
	attach one
	scans 4
	look_twice
	assertEquals "$(said)" "narrowed economy-pieces" "$(of one)"
	assertEquals "2 0" "$(jq -r '.containers[] | "\(.processes) \(.failed_processes)"' "$work/said")"
	assertTrue "$(said)" "[ $(jq '.containers[].left_out_pages' "$work/said") -gt $((2 * others - 100)) ]"
	scans 3
	assertTrue "left out: $(records one)" "[ $(records one) -lt $((2 * equal + 400)) ]"
	runc exec -d "$id-one" /bin/pieces $equal $others >/dev/null 2>&1 </dev/null
	_three() { [ "$(pids_of one | wc -l)" -eq 3 ]; }
	wait_for 10 _three
	attach one
	scans 4
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "widened economy-again" "$(of one)"
	scans 4
	look_twice
	assertEquals "$(said)" "narrowed economy-pieces" "$(of one)"
	assertEquals 3 "$(jq '.containers[].processes' "$work/said")"
}

# A page that is merged in each second piece: as many runs as mappings are bearable for, and the longest.
testNoMoreMappingsThanAreBearable() {
	pieces one '{}' "exec pieces 2000 64000 32"
	pieces two '{}' "exec pieces 2000 64000 32"
	attach one two
	scans 4
	look_twice
	assertEquals "$(said)" "narrowed economy-pieces" "$(of one)"
	assertEquals 1024 "$(jq --arg id "$id-one" '.containers[] | select(.id == $id).runs' "$work/said")"
	assertTrue "mappings: $(mappings one)" "[ $(mappings one) -gt 2000 ] && [ $(mappings one) -lt 2100 ]"
	alike one
	economize '{}' --json --pieces --min-age=0
	scans 4
	economize '{}' --json --pieces --min-age=0 --again=0
	assertEquals "$(said)" "widened economy-again" "$(of one)"
	assertTrue "joined again: $(mappings one)" "[ $(mappings one) -lt 50 ]"
}

# What was merged is not any more: something has changed, and all of it is looked at.
testWhatIsNotMergedAnyMore() {
	pieces one
	pieces two
	attach one two
	scans 4
	look_twice
	assertEquals "$(said)" "narrowed economy-pieces" "$(of one)"
	scans 3
	apart one
	scans 2
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "widened economy-again" "$(of one)"
	scans 4
	# it costs more than it saves by now
	look_twice
	assertEquals "$(said)" "disabled economy-costs-more" "$(of one)"
}

# Stopped by its own hand: nobody waits for long, nothing of it is changed, and the others have their turn.
testWhoDoesNotAnswer() {
	pieces one
	pieces two
	attach one two
	scans 4
	economize '{}' --json --pieces --min-age=0
	scans 3
	for _p in $(pids_of one); do kill -STOP "$_p"; done
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "1 failed economy-pieces" "$_status $(of one)"
	assertContains "$(said)" "reason=target-busy"
	assertEquals "$(said)" "narrowed economy-pieces" "$(of two)"
	for _p in $(pids_of one); do kill -CONT "$_p"; done
	alike one
	scans 3
	economize '{}' --json --pieces --min-age=0
	assertEquals "$(said)" "narrowed economy-pieces" "$(of one)"
}

# shellcheck source=/dev/null
. "$here/../lib/common.sh"
