# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The rows of the table that `make bench` ends with (bench/all), of what alternate writes to $PAIRS.

# row WHAT OURS FLOOR INSTEAD RATIO SPREAD: texts; - where there is none
row() {
	[ -z "${BENCH_ROWS:-}" ] || printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$BENCH_ROWS"
}

# pair NAME FIELD: 2 median ms, 3 p10, 4 p90, 5 ratio, 6 its low and 7 high, 8 CPU ms, 9 ratio, 10 low, 11 high
pair() {
	awk -F '\t' -v n="$1" -v f="$2" '$1 == n { v = $f } END { print v }' "$PAIRS"
}

took() { echo "$(pair "$1" 2) ms, CPU $(pair "$1" 8)"; }

# pair_row WHAT OURS FLOOR INSTEAD: a row of names in $PAIRS, of which the floor is the first; INSTEAD may be -
pair_row() {
	_instead=-
	[ "$4" = - ] || _instead="$(took "$4") ($4)"
	row "$1" "$(took "$2")" "$(took "$3") ($3)" "$_instead" "$(pair "$2" 5), CPU $(pair "$2" 9)" \
		"$(pair "$2" 6) to $(pair "$2" 7), CPU $(pair "$2" 10) to $(pair "$2" 11)"
}

# worse OTHER: names in $PAIRS that take more CPU time than NAMEOTHER, their first, by 3 % in 95 of 100 cases
worse() {
	awk -F '\t' -v o="$1" 'index($1, o) == 0 && $10 > 1.03 { print $1 }' "$PAIRS"
}

# verdict NAME MOST: is what the name takes at most so much of the first, by time and by CPU time
verdict() {
	for _f in 5 9; do
		awk -F '\t' -v n="$1" -v f=$_f -v most="$2" '$1 == n {
			said = $(f + 2) <= most ? "met" : $(f + 1) > most ? "NOT MET" : "not told apart: more ROUNDS"
			printf "%-44s %s %.3f (95 %%: %.3f to %.3f), goal %.2f: %s\n", n, f == 5 ? "time    " : "CPU time",
				$f, $(f + 1), $(f + 2), most, said }' "$PAIRS"
	done
}
