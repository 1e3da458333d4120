#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# The kill switch where it matters: 4 GiB are merged, and 1 GiB is free. On an emulated machine of
# its own (tests/kernels/README.md), which takes 6 GiB of this one's memory and some minutes.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/tmp" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$BUILD/tests/kernels/fill:/usr/sbin/fill"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		ksm=/sys/kernel/mm/ksm
		available() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
		merged() { echo $((($(cat $ksm/pages_sharing) + $(cat $ksm/pages_shared)) / 256)); }
		mergeable() { cat /proc/[0-9]*/ksm_stat | grep -c 'ksm_merge_any: yes'; }
		# what it says, behind a line of how things are
		try() {
			echo "$1: $(merged) MiB merged in $(mergeable) processes, $(available) MiB available"
			shift
			ksm-hook stop "$@" 2>&1
			echo "status $?"
		}
		until_file() { until grep -qs "$2" "$1"; do sleep 0.1; done; }
		echo never >/sys/kernel/mm/transparent_hugepage/enabled
		echo 100000 >$ksm/pages_to_scan
		echo 0 >$ksm/sleep_millisecs
		for i in $(seq 32); do
			ksm-hook run fill 128 >/tmp/fill.$i &
		done
		for i in $(seq 32); do until_file /tmp/fill.$i ready; done
		until [ "$(merged)" -ge 4090 ]; do sleep 1; done
		hogs=
		# what is available is counted late, so twice
		for i in 1 2; do
			[ "$(available)" -gt 1040 ] || continue
			fill $(($(available) - 1024)) >/tmp/hog.$i &
			hogs="$hogs $!"
			until_file /tmp/hog.$i ready
		done
		try scarce --unmerge
		try greedy --unmerge --budget=100
		kill -9 $hogs
		until [ "$(available)" -gt 4200 ]; do sleep 0.1; done
		echo "room: $(merged) MiB merged in $(mergeable) processes, $(available) MiB available"
		ksm-hook stop --unmerge --budget=10 >/tmp/first 2>&1 &
		first=$!
		until_file /tmp/first 'processes unmerged'
		kill -9 $first
		wait $first
		echo "killed"
		cat /tmp/first
		try again --unmerge
		# ksmd takes them off its count when it comes by
		until [ "$(merged)" -eq 0 ]; do sleep 0.1; done
		echo "end: $(merged) MiB merged in $(mergeable) processes, $(available) MiB available"
		dmesg | grep -ci 'out of memory'
		exit 0
	S
	chmod 755 "$guest/run.test"
	for _k in $("$top/tests/kernels/fetch" "$BUILD/kernels" 6.18); do
		ask guest "$_k" -m 5632 -t 1500
	done
	out=$(cat "$work/out/guest")
}

# part NAME: what was said between this line and the next one of its kind
part() {
	echo "$out" | awk -v name="$1" '/^[a-z]+: [0-9]+ MiB merged/ { on = index($0, name ":") == 1; next } on'
}

# figure NAME FIELD: of the line that begins the part
figure() {
	echo "$out" | awk -v name="$1:" -v field="$2" '$1 == name { print $field }'
}

# Refused as a whole, with what is missing, and whatever a step may take; nothing is done by halves.
testWhereItDoesNotFit() {
	for _part in scarce greedy; do
		assertEquals "$out" 4096 "$(figure $_part 2)"
		assertTrue "$out" "[ $(figure $_part 8) -ge 900 ] && [ $(figure $_part 8) -le 1100 ]"
		assertContains "$out" "$(part $_part)" "stopped: nothing new is made mergeable"
		assertTrue "$out" "part $_part | grep -qE 'reason=host-headroom: unmerging needs 4\.0 GiB more, and the machine has [0-9.]+ [MG]iB left: (2\.9|3\.[01]) GiB too little'"
		assertContains "$out" "$(part $_part)" "status 1"
	done
	assertEquals "$out" "4096 32" "$(figure room 2) $(figure room 6)"
}

# in_steps PART AVAILABLE PERCENT: each of its steps took no more than this of what was available
in_steps() {
	part "$1" | awk -v available="$2" -v percent="$3" '
		function mib(n, unit) { return unit ~ /GiB/ ? n * 1024 : unit ~ /KiB/ ? n / 1024 : n }
		/ processes unmerged, / {
			steps++
			took = mib($4, $5)
			# two digits are printed
			if (took > available * percent / 100 * 1.05)
				print "a step took", took, "MiB of", available
			available = mib($(NF - 2), $(NF - 1))
			if (available < 300)
				print available, "MiB left"
		}
		END { print steps + 0 }'
}

testInStepsThatLeaveMemory() {
	assertEquals "$out" 1 "$(in_steps room "$(figure room 8)" 10 | grep -cE '^[1-9]$')"
	assertContains "it was killed in its midst: $out" "$(part room)" "killed"
	assertTrue "what was done stays done: $out" "[ $(figure again 6) -lt 32 ] && [ $(figure again 6) -gt 0 ]"
	assertEquals "$out" 1 "$(in_steps again "$(figure again 8)" 25 | grep -cE '^[1-9]$')"
	assertTrue "in several steps: $out" "[ $(in_steps again "$(figure again 8)" 25) -ge 3 ]"
	assertContains "$out" "$(part again)" "0 B left to do"
	assertContains "$out" "$(part again)" "nothing is mergeable any more"
	assertContains "$out" "$(part again)" "status 0"
	assertEquals "$out" "0 0" "$(figure end 2) $(figure end 6)"
	assertEquals "nobody was killed for memory: $out" 0 "$(echo "$out" | tail -n 1)"
}

. "$(dirname "$0")/../lib/common.sh"
