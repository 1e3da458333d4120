# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Rows (bench/rows.sh) of what benches have printed, and those who play a runtime for them: NAME_rows FILE.

# ratio OURS FLOOR: with two decimals; - where there is none
ratio() {
	echo "$1 $2" | awk '$2 + 0 == 0 { print "-"; exit } { printf "%.2f\n", $1 / $2 }'
}

# settings_row WHAT UNIT OURS FLOOR ITS-NAME INSTEAD ITS-NAME: texts "MEDIAN (LOWEST-HIGHEST)"
settings_row() {
	_range=${3##*\(}
	row "$1" "${3%% *}$2" "${4%% *}$2 ($5)" "${6%% *}$2 ($7)" "$(ratio "${3%% *}" "${4%% *}")" \
		"$(echo "${_range%)}" | sed 's/-/ to /')$2"
}

# of tests/lib/fakes/nri-rate
rate_rows() {
	sed -n 's/^\([a-z]*\) *\([0-9]*\) a second .*: median \([0-9]*\) us, 99 of 100 in \([0-9]*\) us; memory \([0-9]*\) KiB, grown \(-*[0-9]*\) KiB$/\1 \2 \3 \4 \5 \6/p' "$1" |
		while read -r _way _rate _median _most _kib _grown; do
			row "nri, way $_way: an answer, $_rate starts a second" "$_median us" - - - "99 of 100 in $_most us"
			row "nri, way $_way: memory, 1,000 known" "$_kib KiB" - - - "grown by $_grown KiB"
		done
}

# of tests/lib/fakes/nri-answers
answers_rows() {
	sed -n "s/^\\(not asked\\|asked\\) *n=[0-9]*: median \\([0-9.]*\\) ms, a quarter within \\([0-9.]*\\) ms, 9 of 10 in \\([0-9.]*\\) ms; processors' time \\([0-9.]*\\) ms each\$/\\2 \\3 \\4 \\5 \\1/p" "$1" |
		while read -r _median _quarter _most _cpu _kind; do
			row "nri: a start waits, $_kind" "$_median ms, CPU $_cpu" - - - "$_quarter (a quarter) to $_most ms (9 of 10)"
		done
}

# of tests/engines/nri/timed.py: the pods of which there is no agent are the floor
pods_rows() {
	sed -n 's/^\(pod\|StartContainer\)  *\(not asked\|asked\|away again\|away\)  *n=[0-9]* median *\([0-9.]*\) ms, .*; more than away \([-+0-9.]*\) ms (95 %: \([-+0-9.]*\) to \([-+0-9.]*\))$/\3 \4 \5 \6 \1 \2/p' "$1" >"$1.pods"
	while read -r _median _more _low _high _what _kind; do
		_away=$(awk -v w="$_what" '$5 == w && $6 == "away" && NF == 6 { print $1 }' "$1.pods")
		[ "$_kind" = away ] || row "nri: $_what, $_kind" "$_median ms" "$_away ms (agent away)" - \
			"$(ratio "$_median" "$_away")" "$_more ms ($_low to $_high)"
	done <"$1.pods"
	rm "$1.pods"
}

# of bench/layout: a shared layout beside a private one, and beside processes that were forked from one
layout_rows() {
	awk '$2 == "private" || $2 == "shared" || $2 == "fork" { if (!n[$1]++) print $1 }' "$1" | while read -r _name; do
		freed() { awk -v n="$_name" -v m="$1" '$1 == n && $2 == m { v = $6 } END { print v }' "$2"; }
		_shared=$(freed shared "$1") _private=$(freed private "$1") _fork=$(freed fork "$1")
		[ -n "$_shared" ] && [ -n "$_private" ] || continue
		_fork=${_fork:+$_fork % (forked from one)}
		row "shared layout, $_name: freed" "$_shared %" "$_private % (private layout)" "${_fork:--}" \
			"$(ratio "$_shared" "$_private")" -
	done
}

# of bench/layout-cost, its second part
work_rows() {
	awk '$4 == "ms" { at[$1 " " $2] = $3; least[$1] = $5; most[$1] = $6; if ($2 == "shared") name[++n] = $1 }
		END { for (i = 1; i <= n; i++) { k = name[i]; print k, at[k " shared"], at[k " merge"], least[k], most[k] } }' "$1" |
		while read -r _name _shared _merge _least _most; do
			row "shared layout, $_name: work" "CPU $_shared ms" "CPU $_merge ms (private layout)" - \
				"$(ratio "$_shared" "$_merge")" "$_least to $_most ms"
		done
}

# of bench/estimate
estimate_rows() {
	sed -n 's/^\([a-z]*\) pages: \([0-9]*\) MB\/s (\([0-9]*\) to \([0-9]*\))$/\1 \2 \3 \4/p' "$1" |
		while read -r _kind _speed _least _most; do
			row "estimate reads $_kind pages" "$_speed MB/s" - - - "$_least to $_most MB/s"
		done
}

# of bench/economize: a line for each workload. The fewest records with which as much is merged are a floor; what a
# user has who does not economize is that everything is scanned.
economize_rows() {
	awk -F '[ |%]+' '
		function take(what, ours, floor, all,    r) {
			o[what] += ours; f[what] += floor; a[what] += all
			r = floor ? ours / floor : ours / all
			if (!(what in least) || r < least[what]) least[what] = r
			if (!(what in most) || r > most[what]) most[what] = r
		}
		function put(what, form) {
			printf "%s\t" form "\t%s\t" form "\t%.3f\t%.3f\t%.3f\n", what, o[what], f[what] ? f[what] " (fewest)" : "-",
				a[what], o[what] / (f[what] ? f[what] : a[what]), least[what], most[what]
		}
		NF > 15 { n++; take("savings", $3, 0, $3 + $4); take("records", $10, $11, $9); take("CPU of three scans", $13, 0, $12) }
		END { if (n) { put("savings", "%.1f MiB"); put("records", "%d"); put("CPU of three scans", "%.2f s") } }' "$1" |
		while IFS="$(printf '\t')" read -r _what _ours _floor _all _ratio _least _most; do
			row "economize --pieces: $_what" "$_ours" "$_floor" "$_all (all scanned)" "$_ratio" "$_least to $_most, by workload"
		done
}

# of bench/scan-cost: the first scan of each, and the last
scan_rows() {
	awk '$2 == "MiB" && $6 == "scan" { k = $1 " MiB, " $3 " % equal"; us = $13; if ($7 == "1:") { name[++n] = k; first[n] = us } last[n] = us }
		END { for (i = 1; i <= n; i++) printf "%s\t%s\t%s\n", name[i], first[i], last[i] }' "$1" |
		while IFS="$(printf '\t')" read -r _what _first _last; do
			row "ksmd, a page: $_what" "$_first us" - - - "$_last us in the last scan"
		done
}

# of bench/look-truth: the memory itself is the floor, what the kernel says is there without us
truth_rows() {
	awk 'NF == 6 && $2 ~ /^[0-9.]+$/' "$1" | while read -r _kind _truth _zeros _says _exact _kernel; do
		row "ps, saved of $_kind" "$_says MiB, exactly $_exact" "$_truth MiB (memory before and after)" \
			"$_kernel MiB (ksm_process_profit)" "$(ratio "$_says" "$_truth")" "-"
	done
}

# preload_rows WHAT MEDIANS: of bench/preload-cost: "without prctl madvise  +P (LOW..HIGH) +M (LOW..HIGH)", in %
preload_rows() {
	echo "$2" | sed 's/[()]/ /g; s/\.\./ /g' | awk '{ for (k = 0; k < 2; k++)
			printf "%s\t%s\t%s\t%.3f\t%.3f\t%.3f\n", k ? "madvise" : "prctl", $(2 + k), $1, 1 + $(4 + 3 * k) / 100,
				1 + $(5 + 3 * k) / 100, 1 + $(6 + 3 * k) / 100 }' |
		while IFS="$(printf '\t')" read -r _mode _ours _floor _ratio _low _high; do
			row "the library, $_mode: $1" "$_ours" "$_floor (without)" - "$_ratio" "$_low to $_high"
		done
}
