#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: ksmd
# shellcheck disable=SC2154,SC1091 # work, top and ksm come from common.sh
# Real programs under libksm_preload.so in both modes: they do their work, their
# memory is mergeable, and it merges between two of them.

suite_setup() {
	. "$top/tests/lib/workloads.sh"
	lib=$work/libksm_preload.so
	cp "$BUILD/libksm_preload.so" "$lib"
	for f in "advisor_mode none" "use_zero_pages 0" "pages_to_scan 5000" "sleep_millisecs 10" "run 1"; do
		echo "${f#* }" >"$ksm/${f% *}" 2>/dev/null
	done
}

# shellcheck disable=SC2046 # two numbers
share() {
	for pid in $(workload_pids); do cat "/proc/$pid/smaps"; done >"$work/smaps"
	set -- $(awk -f "$top/tests/preload/coverage.awk" "$work/smaps")
	echo $(($2 * 100 / $1))
}

# nginx: its worker
merges() {
	n=0
	for pid in $(workload_pids); do
		n=$((n + $(awk '$1 == "ksm_merging_pages" { print $2 }' "/proc/$pid/ksm_stat")))
	done
	[ $n -gt 20 ]
}

try() {
	for mode in prctl madvise; do
		preload_env="LD_PRELOAD=$lib KSM_PRELOAD=$mode"
		workload_start "$1" && workload_load && workload_load_again
		_ended=$?
		assertTrue "$1 $mode does not do its work: $(tail -n 5 "$dir/log")" $_ended
		assertFalse "$1 $mode: a message" "grep -q libksm_preload $dir/log"
		share=$(share)
		[ "$share" -ge 95 ]
		assertTrue "$1 $mode: $share % mergeable" $?
		wait_for 300 merges
		assertTrue "$1 $mode: only $n pages merged" $?
		workload_stop
	done
	return 0
}

# a second round meets what the first left behind; mariadbd's makes a database
workload_load_again() {
	[ "$workload" = mariadbd ] || workload_load
}

test_python3() { try python3; }
test_perl() { try perl; }
test_redis() { try redis-server; }
test_nginx() { try nginx; }
test_mariadb() { try mariadbd; }
test_node() { try node; }
test_java() { try java; }

. "$(dirname "$0")/../lib/common.sh"
