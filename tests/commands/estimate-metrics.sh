#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An estimate as metrics: the same figures as in JSON, in a format that Prometheus takes.

suite_setup() {
	sleep 1000 &
	victim=$!
}

suite_teardown() {
	kill "$victim"
	wait "$victim" 2>/dev/null
}

testTheSameAsJson() {
	"$KSM_HOOK" estimate --format=prometheus "pid:$victim" >"$work/prom"
	assertEquals 0 $?
	"$KSM_HOOK" estimate --format=json "pid:$victim" >"$work/json"
	assertEquals 0 $?
	promtool check metrics <"$work/prom" >"$work/said" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/said")" 0 $_ended
	assertTrue "there is some: $(cat "$work/json")" "[ $(jq '.containers[0].anonymous_bytes' "$work/json") -gt 0 ]"
	# what it saves hangs on what others have at that moment
	for _m in anonymous cost; do
		assertEquals "$_m" "$(jq ".containers[0].${_m}_bytes" "$work/json")" \
			"$(sed -n "s/^ksm_hook_estimate_${_m}_bytes{engine=\"process\",id=\"$victim\"} //p" "$work/prom")"
	done
	for _m in $(grep -o 'ksm_hook_estimate_[a-z_]*[a-z]' "$top/docs/ksm-hook-estimate.8" | sort -u); do
		grep -Eq "^$_m(\{.*\})? [0-9.]+\$" "$work/prom"
		assertTrue "manual: $_m" $?
	done
	assertEquals "no other" "$(grep -o 'ksm_hook_estimate_[a-z_]*[a-z]' "$top/docs/ksm-hook-estimate.8" | sort -u)" \
		"$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$work/prom" | sort)"
}

testOneFormatOnly() {
	out=$("$KSM_HOOK" estimate --json --format=prometheus "pid:$victim" 2>&1)
	assertEquals "$out" 2 $?
	assertContains "$out" "$out" "exclude each other"
	out=$("$KSM_HOOK" estimate --format=xml "pid:$victim" 2>&1)
	assertEquals "$out" 2 $?
}

. "$(dirname "$0")/../lib/common.sh"
