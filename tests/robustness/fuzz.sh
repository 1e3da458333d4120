#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Half a minute of libFuzzer for each parser of untrusted text, from real samples. The seed is
# fixed; FUZZ_SECONDS makes it longer.

fuzz() {
	mkdir "$work/$1" && cp "$top/tests/robustness/fuzz/corpus/$1/"* "$work/$1/"
	"$BUILD/fuzz/fuzz_$1" -seed=1 -max_len=65536 -timeout=5 -rss_limit_mb=1024 \
		-max_total_time="${FUZZ_SECONDS:-30}" -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/$1" >"$work/$1.out" 2>&1
	rc=$?
	assertEquals "$1: $(tail -n 40 "$work/$1.out")" 0 $rc
	for sample in "$work"/crash-* "$work"/timeout-* "$work"/oom-*; do
		[ ! -e "$sample" ] || { echo "$1 fails on:" && od -c "$sample" | head -n 40; }
	done
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$1.out")
	echo "$1: $runs runs"
	assertTrue "only $runs runs" "[ ${runs:-0} -gt 10000 ]"
}

test_state() {
	fuzz state
}

test_spec() {
	fuzz spec
}

test_config() {
	fuzz config
}

test_lxc_config() {
	fuzz lxc_config
}

test_toml() {
	fuzz toml
}

test_nri() {
	fuzz nri
}

. "$(dirname "$0")/../lib/common.sh"
