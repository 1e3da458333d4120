#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# merge_across_nodes: of four equal programs on two nodes one copy of each page is kept, or one on each node
# (bench/numa, which docs/tuning.md has the figures of).
# needs: nothing

testOneCopyOrOneOnEachNode() {
	PAGES=1024 "$top/bench/numa" >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	for _across in 1 0; do
		# shellcheck disable=SC2046 # two words
		set -- $(sed -n "s/^merge_across_nodes $_across:.* shared \([0-9]*\) sharing \([0-9]*\),.*/\1 \2/p" "$work/out")
		# 1024 pages of each, and some that the programs have besides
		_kept=$((1024 * (2 - _across))) _saved=$((1024 * (2 + _across)))
		assertTrue "$(cat "$work/out")" "[ ${1:-0} -ge $_kept ] && [ ${1:-0} -lt $((_kept + 64)) ]"
		assertTrue "$(cat "$work/out")" "[ ${2:-0} -ge $_saved ] && [ ${2:-0} -lt $((_saved + 128)) ]"
	done
}

. "$(dirname "$0")/../lib/common.sh"
