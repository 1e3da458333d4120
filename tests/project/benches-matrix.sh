#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every bench of `make bench` runs through and leaves its rows, with as little as it takes: no figure is looked at.
# project/bench has what is made of the figures.
# needs: containers ksmd

# the lock that benches take is this suite's
export KSM_BENCH_LOCKED=1

suite_setup() {
	make -s -C "$top" BUILD="$BUILD" image >"$work/made" 2>&1 || cat "$work/made"
	printf 'include Makefile\nprint-benches:\n\t@echo $(BENCHES)\nprint-programs:\n\t@echo $(BENCH_PROGRAMS)\n' >"$work/print.mk"
	# shellcheck disable=SC2046 # a list
	make -s -C "$top" BUILD="$BUILD" all $(make -s -C "$top" -f "$work/print.mk" BUILD="$BUILD" print-programs) >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/made")" 0 $_ended
	"$top/tests/lib/cri-root" "$BUILD/sid-cri" sid >"$work/made" 2>&1 || cat "$work/made"
	echo 0 >$ksm/run
}

# BENCH, what it is told by the environment, - and by arguments
the_least() {
	cat <<-T
		attach ROUNDS=1 PROCESSES=4
		busy - 6
		economize CONTAINERS=2 - perl
		efficiency CONTAINERS=2 PROFILES=fast - redis
		estimate ROUNDS=1 MB=16
		ksmd MIB=16 TIMEOUT=60 - fixed_20000_10
		layout COUNT=2 - perl
		layout-cost ROUNDS=1
		layout-runtimes COUNT=2 RUNS=1 - node
		look ROUNDS=1 PAGES=1 - 10
		look-truth - redis
		lxc ROUNDS=1
		many-starts - 1 4
		merge-cost REQUESTS=200 KEYS=5000 - 2
		nri - 1
		nri-answers - 20
		nri-pods - 1
		oci ROUNDS=6
		php-opcache COUNT=2 RUNS=1
		precreate ROUNDS=2
		preload-cost ROUNDS=1 - pairs1
		preload-coverage - redis-server
		scan-cost - 16:50
		wrapper ROUNDS=3
	T
}

# run BENCH WORD...: what it says is in $work/said
run() {
	_bench=$1
	shift
	_settings=''
	while [ $# -gt 0 ] && [ "$1" != - ]; do
		_settings="$_settings $1"
		shift
	done
	[ $# = 0 ] || shift
	# an argument of two words has _ between them
	_arguments=''
	for _word; do _arguments="$_arguments '$(echo "$_word" | tr _ ' ')'"; done
	: >"$work/rows"
	eval "env BENCH_ROWS='$work/rows' BUILD='$BUILD' $_settings timeout 300 '$top/bench/$_bench' $_arguments" \
		>"$work/said" 2>&1 </dev/null
}

testEachRunsThrough() {
	while read -r _line; do
		_from=$(date +%s)
		# shellcheck disable=SC2086 # words
		run $_line
		_ended=$?
		echo "$_bench: $(($(date +%s) - _from)) s, $(wc -l <"$work/rows") rows"
		# 1: a goal is missed, which says nothing with so few rounds
		assertTrue "$_bench ended with $_ended: $(tail -n 5 "$work/said")" "[ $_ended -le 1 ]"
		assertTrue "$_bench leaves rows: $(tail -n 5 "$work/said")" "[ -s '$work/rows' ]"
		assertEquals "$_bench: each of six columns" 6 "$(awk -F '\t' '{ print NF }' "$work/rows" | sort -u | xargs)"
		assertEquals "$_bench" "" "$(grep -E 'parameter not set|not found|[Ss]yntax error|Traceback|unexpected' "$work/said")"
	done <<-T
		$(the_least)
	T
}

testNoneIsForgotten() {
	make -s -C "$top" -f "$work/print.mk" print-benches 2>/dev/null | tr ' ' '\n' | sed -n 's|^bench/||p' | sort >"$work/benches"
	assertEquals "" "$(the_least | cut -d' ' -f1 | sort | diff - "$work/benches")"
}

. "$(dirname "$0")/../lib/common.sh"
