#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the benches say of what they have measured: the table of `make bench`, verdicts, ratios of pairs, and what
# `make bench-compare` names. No figure of this machine is looked at.
# needs: containers

each_setup() {
	export PAIRS="$work/pairs"
	# name, median ms, p10, p90, ratio, low, high, CPU ms, ratio, low, high
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		floor 10.0 9.0 11.0 1.0 1.0 1.0 8.0 1.0 1.0 1.0 \
		within 10.1 9.0 11.0 1.01 1.000 1.020 8.1 1.012 1.004 1.019 \
		over 11.0 9.0 13.0 1.10 1.021 1.180 9.0 1.125 1.100 1.140 \
		unclear 10.0 9.0 11.0 1.00 0.900 1.021 8.0 1.000 0.990 1.030 >"$PAIRS"
	. "$top/bench/rows.sh"
	. "$top/bench/said.sh"
	export BENCH_ROWS="$work/rows"
	: >"$BENCH_ROWS"
}

# rows_are COLUMNS... of the rows, with | between columns; then the next rows begin
rows_are() {
	assertEquals "$(printf '%s\n' "$@")" "$(tr '\t' '|' <"$BENCH_ROWS")"
	: >"$BENCH_ROWS"
}

testVerdicts() {
	assertEquals "met met" "$(verdict within 1.02 | sed 's/.*: //' | xargs)"
	assertEquals "NOT MET NOT MET" "$(verdict over 1.02 | sed 's/.*: //' | xargs)"
	out=$(verdict unclear 1.02)
	assertEquals 2 "$(echo "$out" | grep -c 'not told apart')"
	assertContains "$out" "time     1.000 (95 %: 0.900 to 1.021), goal 1.02"
	assertContains "$out" "CPU time 1.000 (95 %: 0.990 to 1.030), goal 1.02"
	assertEquals "who is not there is not judged" "" "$(verdict nobody 1.02)"
}

testTableOfAllBenches() {
	printf '#!/bin/sh\n. "%s/bench/rows.sh"\nPAIRS="%s"\npair_row "a start" over floor within\n%s\n' "$top" "$PAIRS" \
		'row "of ten" 3 - - - "1 to 2"' >"$work/good"
	printf '#!/bin/sh\nexit 1\n' >"$work/bad"
	chmod 755 "$work/good" "$work/bad"
	out=$("$top/bench/all" "$work/good")
	assertEquals "$out" 0 $?
	assertEquals "what ours floor instead ratio spread" "$(echo "$out" | sed -n 's/^\(what .*\)/\1/p' | xargs)"
	assertContains "$out" "11.0 ms, CPU 9.0"
	assertContains "$out" "10.0 ms, CPU 8.0 (floor)"
	assertContains "$out" "10.1 ms, CPU 8.1 (within)"
	assertContains "$out" "1.10, CPU 1.125"
	assertContains "$out" "1.021 to 1.180, CPU 1.100 to 1.140"
	assertEquals "of ten 3 - - - 1 to 2" "$(echo "$out" | grep '^of ten' | xargs)"
	# all others are measured all the same
	out=$("$top/bench/all" "$work/bad" "$work/good")
	assertEquals "$out" 1 $?
	assertContains "$out" "missed its goal: $work/bad"
	assertContains "$out" "1.10, CPU 1.125"
	# one that measures and says nothing for the table
	printf '#!/bin/sh\necho measured\n' >"$work/mute"
	chmod 755 "$work/mute"
	out=$("$top/bench/all" "$work/good" "$work/mute")
	assertEquals "$out" 1 $?
	assertContains "$out" "left no row: $work/mute"
	assertNotContains "$out" "$out" "missed its goal"
}

# All that make bench runs, each once.
testEveryBenchHasRows() {
	printf 'include Makefile\nprint-benches:\n\t@echo $(BENCHES)\n' >"$work/print.mk"
	make -s -C "$top" -f "$work/print.mk" print-benches 2>/dev/null | tr ' ' '\n' >"$work/benches"
	assertTrue "$(cat "$work/benches")" "[ $(grep -c '^bench/' "$work/benches") -ge 20 ]"
	assertEquals "twice" "" "$(sort "$work/benches" | uniq -d)"
	while read -r _bench; do
		assertTrue "$_bench leaves no row" "grep -qsE '(^|[ 	;&])([a-z]*_)?rows? |pairs_rows|BENCH_ROWS' '$top/$_bench' '$top/$_bench.c' '$top/$_bench.py'"
	done <"$work/benches"
}

# One at a time drives ksmd: a bench that has to do with its settings takes the suites' lock. numa's is in a guest.
testWhoDrivesKsmdHasTheLock() {
	_drive=$(cd "$top/bench" && grep -l 'mm/ksm' -- * 2>/dev/null | grep -v -e '\.[ch]$' -e '^numa$' | xargs)
	assertContains "$_drive" "look-truth"
	assertContains "$_drive" "swap"
	for _bench in $_drive; do
		assertTrue "bench/$_bench takes no lock" "grep -q 'ksm-hook-tests.ksmd' '$top/bench/$_bench'"
	done
}

testRowsOfTheAgent() {
	cat >"$work/said" <<-'E'
		inject 1000 a second for 60 s; answer: median 126 us, 99 of 100 in 3844 us; memory 2160 KiB, grown -4 KiB
		exec   997 a second for 60 s; answer: median 1019 us, 99 of 100 in 14899 us; memory 2200 KiB, grown 0 KiB
	E
	rate_rows "$work/said"
	rows_are "nri, way inject: an answer, 1000 starts a second|126 us|-|-|-|99 of 100 in 3844 us" \
		"nri, way inject: memory, 1,000 known|2160 KiB|-|-|-|grown by -4 KiB" \
		"nri, way exec: an answer, 997 starts a second|1019 us|-|-|-|99 of 100 in 14899 us" \
		"nri, way exec: memory, 1,000 known|2200 KiB|-|-|-|grown by 0 KiB"
	cat >"$work/said" <<-'E'
		not asked n=10: median 0.06 ms, a quarter within 0.05 ms, 9 of 10 in 0.37 ms; processors' time 0.01 ms each
		asked     n=10: median 1.49 ms, a quarter within 1.11 ms, 9 of 10 in 11.14 ms; processors' time 0.70 ms each
	E
	answers_rows "$work/said"
	rows_are "nri: a start waits, not asked|0.06 ms, CPU 0.01|-|-|-|0.05 (a quarter) to 0.37 ms (9 of 10)" \
		"nri: a start waits, asked|1.49 ms, CPU 0.70|-|-|-|1.11 (a quarter) to 11.14 ms (9 of 10)"
	cat >"$work/said" <<-'E'
		containerd 1.7.24, 6.12.0
		pod            not asked  n=100 median 201.00 ms, quarters 190.00 to 220.00; more than away +1.00 ms (95 %: -0.60 to +2.70)
		pod            away       n=100 median 200.00 ms, quarters 190.00 to 220.00; more than away +0.00 ms (95 %: -0.50 to +0.50)
		StartContainer asked      n=100 median  22.50 ms, quarters  20.00 to  24.00; more than away +2.50 ms (95 %: +1.00 to +4.00)
		StartContainer away       n=100 median  20.00 ms, quarters  19.00 to  21.00; more than away +0.00 ms (95 %: -0.50 to +0.50)
		StartContainer away again n=100 median  20.20 ms, quarters  19.00 to  21.00; more than away +0.20 ms (95 %: -0.50 to +0.90)
	E
	pods_rows "$work/said"
	rows_are "nri: pod, not asked|201.00 ms|200.00 ms (agent away)|-|1.00|+1.00 ms (-0.60 to +2.70)" \
		"nri: StartContainer, asked|22.50 ms|20.00 ms (agent away)|-|1.12|+2.50 ms (+1.00 to +4.00)" \
		"nri: StartContainer, away again|20.20 ms|20.00 ms (agent away)|-|1.01|+0.20 ms (-0.50 to +0.90)"
}

testRowsOfLayouts() {
	cat >"$work/said" <<-'E'
		python   private     10    100.0     89.0   11.0 %   (pages=1 frames=2)
		python   shared      10    100.0     15.0   85.0 %   (pages=1 frames=2)
		python   fork        11    100.0      7.0   93.0 %
		node     private     10    100.0     85.0   15.0 %   (pages=1 frames=2)
		node     shared      10    100.0     30.0   70.0 %   (pages=1 frames=2)
		ruby     private     10    100.0     85.0   15.0 %   (pages=1 frames=2)
		python told  at least 10 %, at most 90 %, by a pair 85 %; read in 12 ms
	E
	layout_rows "$work/said"
	rows_are "shared layout, python: freed|85.0 %|11.0 % (private layout)|93.0 % (forked from one)|7.73|-" \
		"shared layout, node: freed|70.0 %|15.0 % (private layout)|-|4.67|-"
	cat >"$work/said" <<-'E'
		python3    merge         200 ms      190      230
		python3    shared        204 ms      195      240
	E
	work_rows "$work/said"
	rows_are "shared layout, python3: work|CPU 204 ms|CPU 200 ms (private layout)|-|1.02|195 to 240 ms"
	settings_row "node, SEED: equal pages" " %" "68.1 (66.0-71.2)" "0.2 (0.1-0.2)" "nothing set" "78.0 (77.0-79.0)" "two flags"
	rows_are "node, SEED: equal pages|68.1 %|0.2 % (nothing set)|78.0 % (two flags)|340.50|66.0 to 71.2 %"
	settings_row "of nothing" "" "3 (3-3)" "0 (0-0)" none "1 (1-1)" one
	rows_are "of nothing|3|0 (none)|1 (one)|-|3 to 3"
}

testRowsOfEconomizeAndEstimate() {
	printf '%-8s %5d | %9.1f %6.2f %6.2f%% | %9.1f %6.2f %6.2f%% | %8d %8d %8d | %7.3f %7.3f | %6s %5s %7s %7.2f\n' \
		perl 20 99.0 1.0 99.0 99.0 1.0 99.0 10000 1000 500 0.4 0.1 30 0 120 1.5 \
		java 10 100.0 0.0 100.0 99.0 1.0 99.0 30000 7000 5000 0.6 0.1 30 0 120 1.5 >"$work/said"
	economize_rows "$work/said"
	rows_are "economize --pieces: savings|199.0 MiB|-|200.0 MiB (all scanned)|0.995|0.990 to 1.000, by workload" \
		"economize --pieces: records|8000|5500 (fewest)|40000 (all scanned)|1.455|1.400 to 2.000, by workload" \
		"economize --pieces: CPU of three scans|0.20 s|-|1.00 s (all scanned)|0.200|0.167 to 0.250, by workload"
	: >"$work/said"
	economize_rows "$work/said"
	assertEquals "where nothing was measured" "" "$(cat "$BENCH_ROWS")"
	printf '%s\n' "small pages: 803 MB/s (686 to 1301)" "huge pages: 874 MB/s (670 to 964)" >"$work/said"
	estimate_rows "$work/said"
	rows_are "estimate reads small pages|803 MB/s|-|-|-|686 to 1301 MB/s" \
		"estimate reads huge pages|874 MB/s|-|-|-|670 to 964 MB/s"
}

testRowsOfOthers() {
	cat >"$work/said" <<-'E'
		   130 MiB   0 % equal, scan  1:    33280 pages   0.350 s CPU  10.50 us a page,       0 saved
		   130 MiB   0 % equal, scan  2:    33280 pages   0.050 s CPU   1.50 us a page,       0 saved
	E
	scan_rows "$work/said"
	rows_are "ksmd, a page: 130 MiB, 0 % equal|10.50 us|-|-|-|1.50 us in the last scan"
	printf '%-10s %12s %12s %16s %16s %10s\n' python 50.0 0.0 49.0 50.1 44 >"$work/said"
	truth_rows "$work/said"
	rows_are "ps, saved of python|49.0 MiB, exactly 50.1|50.0 MiB (memory before and after)|44 MiB (ksm_process_profit)|0.98|-"
	preload_rows "ns per pair" "    5.80     6.00     6.80  +3.4 (+1.0..+5.0)  +17.2 (-15.0..+20.0)"
	rows_are "the library, prctl: ns per pair|6.00|5.80 (without)|-|1.034|1.010 to 1.050" \
		"the library, madvise: ns per pair|6.80|5.80 (without)|-|1.172|0.850 to 1.200"
}

# What leaves lines in another form than these leaves no row, which bench/all says: so two that take no time.
testRowsAsTheyArePrinted() {
	mkdir -p "$work/tmp"
	TMPDIR=$work/tmp MB=8 ROUNDS=3 "$top/bench/estimate" >"$work/out" 2>&1
	assertEquals "it leaves nothing" "" "$(ls "$work/tmp")"
	assertEquals "$(cat "$work/out")" 2 "$(grep -c '^estimate reads [a-z]* pages	[0-9]* MB/s	' "$BENCH_ROWS")"
	: >"$BENCH_ROWS"
	rm "$PAIRS"
	echo text >"$work/text"
	"$BUILD/bench/filter" 5 floor "$work/text" /bin/cat ours "$work/text" /bin/cat >"$work/out"
	assertEquals "filter" 0 $?
	pair_row "a filter" ours floor -
	assertTrue "$(cat "$BENCH_ROWS")" \
		"grep -q '^a filter	[0-9.]* ms, CPU [0-9.]*	[0-9.]* ms, CPU [0-9.]* (floor)	-	[0-9.]*, CPU ' '$BENCH_ROWS'"
}

testWorse() {
	printf '%s\t1\t1\t1\t1\t1\t1\t1\t%s\t%s\t%s\n' "a, rev" 1 1 1 a 1.05 1.031 1.06 "b, rev" 1 1 1 b 1.05 1.02 1.06 >"$PAIRS"
	assertEquals a "$(worse ", rev")"
}

# compare's own way, with programs for which there is no doubt: one that computes stands for ours, and for the other
# one that does nothing.
testCompareNamesWhatIsWorse() {
	mkdir -p "$work/ours/bench" "$work/other"
	cp "$BUILD/bench/alternate" "$work/ours/bench"
	cp "$BUILD/libksm_preload.so" "$work/ours"
	cp "$BUILD/libksm_preload.so" "$work/other"
	printf '#!/bin/sh\nexit 0\n' >"$work/other/ksm-hook"
	printf '#!/bin/sh\nexec seq 300000\n' >"$work/ours/ksm-hook"
	printf '#!/bin/sh\nexit 0\n' >"$work/ours/preload-cost"
	chmod 755 "$work/other/ksm-hook" "$work/ours/ksm-hook" "$work/ours/preload-cost"
	out=$(BUILD=$work/ours OTHER=$work/other WHAT="commands attach preload" "$top/bench/compare" other 80)
	assertEquals "$out" 1 $?
	for _what in "runc --version by the wrapper" "run -- true" "attach and detach, 100 processes"; do
		assertContains "$out" "$out" "
  $_what"
	done
	# the libraries are one and the same
	for _what in "the library: a start" "the library, prctl: 20 million malloc" \
		"the library, madvise: twice that, two threads"; do
		assertContains "$out" "$(echo "$out" | grep ' (.* to .*)')" "
$_what  "
		assertContains "$out" "$(echo "$out" | grep ' (.* to .*)')" "
$_what, other  "
	done
	assertEquals "nothing is left" "" "$(runc list -q | grep '^compare-box')"
	# nothing can be worse than what does not work
	printf '#!/bin/sh\nexit 1\n' >"$work/other/ksm-hook"
	out=$(BUILD=$work/ours OTHER=$work/other WHAT="commands" "$top/bench/compare" other 8)
	assertEquals "$out" 0 $?
	assertContains "$out" "run -- true: not compared, one of them fails"
	assertContains "$out" "nothing is worse by more than 3 %"
}

# The same thing is told from nothing, and from what takes many times as long.
testAlternateComparesInPairs() {
	rm "$PAIRS"
	out=$("$BUILD/bench/alternate" 21 first true again true slower "seq 1000000")
	assertEquals "$out" 0 $?
	assertEquals "1.0000 1.0000 1.0000" "$(pair first 5) $(pair first 6) $(pair first 7)"
	assertTrue "$(cat "$PAIRS")" "awk -F '\t' '\$1 == \"again\" { exit !(\$6 <= \$5 && \$5 <= \$7) }' $PAIRS"
	assertTrue "$(cat "$PAIRS")" "awk -F '\t' '\$1 == \"slower\" { exit !(\$9 > 1) }' $PAIRS"
	"$BUILD/bench/alternate" 3 first true fails false >"$work/out" 2>&1
	assertEquals "what fails is not measured" 1 $?
}

. "$(dirname "$0")/../lib/common.sh"
