#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the benches say of what they have measured: the table of `make bench`, verdicts, ratios of pairs.

each_setup() {
	export PAIRS="$work/pairs"
	# name, median ms, p10, p90, ratio, low, high, CPU ms, ratio, low, high
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		floor 10.0 9.0 11.0 1.0 1.0 1.0 8.0 1.0 1.0 1.0 \
		within 10.1 9.0 11.0 1.01 1.000 1.020 8.1 1.012 1.004 1.019 \
		over 11.0 9.0 13.0 1.10 1.021 1.180 9.0 1.125 1.100 1.140 \
		unclear 10.0 9.0 11.0 1.00 0.900 1.021 8.0 1.000 0.990 1.030 >"$PAIRS"
	. "$top/bench/rows.sh"
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
