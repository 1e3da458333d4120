#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# estimate: what it tells before is what ksmd frees then, and what it reads it leaves as it is.
# needs: machine ksmd
# shellcheck disable=SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/host-root.sh"
# shellcheck source=/dev/null
. "$here/../lib/estimate-lib.sh"

suite_setup() {
	estimate_setup
}

suite_teardown() {
	host_root_remove
}

# what ends after a test has to be gone before the next
each_teardown() {
	[ -n "${work:-}" ] || return 0
	echo 0 >$ksm/use_zero_pages
	end_all
	rm -f "$work"/c/*/log # who was ready
}

# estimate JQ-PATH [TARGET...]: a number of the JSON, or the text
estimate() {
	_path=$1
	shift
	"$KSM_HOOK" estimate --json "$@" 2>"$work/said" | jq -r "$_path"
}

# agrees WHAT: what is told of all containers is what opting them in brings
agrees() {
	_told=$(($(estimate .total.saves_bytes $(all)) / $(getconf PAGESIZE)))
	_before=$(yardstick frames)
	"$KSM_HOOK" attach $(all) >"$work/said" 2>&1 || fail "attach: $(cat "$work/said")"
	merge_all
	_freed=$((_before - $(yardstick frames)))
	echo "$1: told $_told pages, freed $_freed"
	assertTrue "$1: something was there to merge" "[ $_freed -gt 1000 ]"
	within 5 "$1" $_told $_freed
}

# huge NAME ARGUMENT...: a container that has memory of a kind
huge() {
	_n=$1
	shift
	mkdir -p "$work/c/$_n" && cp "$BUILD/estimate/huge" "$work/c/$_n/" &&
		host_container "$_n" '{}' '{}' /mnt/huge "$@"
}

perl_data='for (1 .. 8) { push @data, join "", map { sprintf "%08d", $n++ } 1 .. 131072 }'
perl_rests='; $| = 1; print qq(ready\n); sleep 600'

# ready COUNT: so many processes have said so
ready() {
	[ "$(cat "$work"/c/*/log | grep -c '^ready')" -ge "$1" ]
}

test_agrees_with_ksmd() {
	for i in 1 2 3; do
		host_container perl-$i '{}' '{}' /usr/bin/perl -e "$perl_data$perl_rests"
		start python python-$i
		start redis redis-$i
	done
	wait_for 30 ready 3
	agrees "perl, python and redis"
	# now there is little left to be had, and a newcomer finds its like merged
	within 0 "nothing more to save" $(($(estimate .total.saves_bytes $(all)) / $(getconf PAGESIZE))) 0 300
	host_container perl-4 '{}' '{}' /usr/bin/perl -e "$perl_data$perl_rests"
	wait_for 30 ready 4
	_alone=$(estimate .containers[0].saves_bytes "${host_prefix}perl-4")
	assertTrue "of 8 MiB that others have: $_alone" "[ $_alone -gt 8000000 ]"
	assertEquals "merged already is not told as anonymous" true "$(estimate \
		'.total | .merged_bytes > 60000000' $(all))"
}

# Ten processes share pages after a fork: those are no gain, but all of them must be merged.
test_agrees_after_forks() {
	for i in 1 2 3; do
		host_container fork-$i '{}' '{}' /usr/bin/perl -e "$perl_data"'
			for (1 .. 9) { last if !fork } $data[7] = "x" x 2000000'"$perl_rests"
	done
	wait_for 30 ready 30
	assertEquals "processes" 30 "$(estimate .total.processes $(all))"
	agrees "forks"
}

test_agrees_on_zeros() {
	echo 1 >$ksm/use_zero_pages
	for i in 1 2; do
		host_container zero-$i '{}' '{}' /usr/bin/perl -e \
			'$a = "\0" x 20000000; $b = "\1" x 20000000'"$perl_rests"
	done
	wait_for 30 ready 2
	_zeros=$(($(estimate .total.zeros_bytes $(all)) / $(getconf PAGESIZE)))
	assertTrue "zero pages: $_zeros" "[ $_zeros -gt 9700 ]"
	agrees "zeros"
}

test_agrees_on_huge_pages() {
	for i in 1 2; do
		huge huge-$i 64
	done
	wait_for 30 ready 2
	[ "$(estimate .total.huge_bytes $(all))" -gt 64000000 ] || skip "no huge pages were to be had"
	agrees "huge pages"
}

# pages and mappings of an idle process before and after
state_of() {
	grep -E '^(Rss|Anonymous|AnonHugePages|Swap|KSM)' "/proc/$1/smaps_rollup"
	grep -c . "/proc/$1/maps"
	cut -d ' ' -f 10,12 "/proc/$1/stat" # faults
	cat $ksm/pages_shared $ksm/pages_sharing
}

test_changes_nothing() {
	huge huge 32
	for i in 1 2; do
		host_container perl-$i '{}' '{}' /usr/bin/perl -e "$perl_data$perl_rests"
	done
	wait_for 30 ready 3
	"$KSM_HOOK" attach ${host_prefix}perl-1 ${host_prefix}perl-2 >/dev/null 2>&1
	merge_all 4
	for _p in $(host_pids); do state_of $_p; done >"$work/before"
	grep -q 'AnonHugePages: *[1-9]' "$work/before" || skip "no huge pages were to be had"
	assertEquals "read" 3 "$(estimate .total.processes $(all))"
	for _p in $(host_pids); do state_of $_p; done >"$work/after"
	assertEquals "$(cat "$work/before")" "$(cat "$work/after")"
}

test_what_does_not_merge() {
	huge shared 16 shared
	huge locked 4 locked
	wait_for 30 ready 2
	assertTrue "shared memory" "[ $(estimate .containers[0].anonymous_bytes ${host_prefix}shared) -lt 2000000 ]"
	assertTrue "locked memory" "[ $(estimate .containers[0].anonymous_bytes ${host_prefix}locked) -gt 4000000 ]"
}

test_shares() {
	for i in 1 2; do
		host_container perl-$i '{}' '{}' /usr/bin/perl -e "$perl_data$perl_rests"
	done
	wait_for 30 ready 2
	"$KSM_HOOK" estimate --json $(all) >"$work/json"
	assertEquals "the containers' shares are the total" true "$(jq \
		'([.containers[].saves_bytes] | add) - .total.saves_bytes | fabs < 8192' "$work/json")"
	assertEquals "two equal ones: half each, little alone: $(cat "$work/json")" true "$(jq \
		'(.total.saves_bytes / 2) as $half | [.containers[] | (.saves_bytes - $half | fabs < $half / 50) and
		.saves_bytes > 4e6 and .alone_bytes < $half] | all' "$work/json")"
	# by process id: the same pages
	assertEquals "process ids" true "$(estimate \
		'.containers[0].engine == "process" and .total.saves_bytes > 8000000' $(host_pids))"
}

test_text() {
	host_container perl-1 '{}' '{}' /usr/bin/perl -e "$perl_data$perl_rests"
	wait_for 30 ready 1
	"$KSM_HOOK" estimate $(all) >"$work/out" 2>"$work/err"
	assertEquals 0 $?
	assertTrue "what it says: $(cat "$work/out")" "grep -q '^Merging would free .* of .* zero pages' $work/out"
	assertEquals "nothing on stderr, which is no terminal" "" "$(cat "$work/err")"
	"$KSM_HOOK" estimate 2>/dev/null >"$work/out"
	assertTrue "by default all: $(cat "$work/out")" "grep -q '${host_prefix}perl-1 ' $work/out"
	# a terminal gets a bar, which is gone in the end
	timeout 20 script -qec "$KSM_HOOK estimate >/dev/null" /dev/null >"$work/bar" 2>&1 </dev/null
	assertTrue "bar: $(cat -v "$work/bar")" "grep -q '%' $work/bar"
}

test_refuses() {
	"$KSM_HOOK" estimate no-such-container >"$work/out" 2>&1
	assertEquals 1 $?
	assertContains "$(cat "$work/out")" 'there is no container "no-such-container"'
	"$KSM_HOOK" estimate --no-such-option >/dev/null 2>&1
	assertEquals 2 $?
	setpriv --reuid=65534 --regid=65534 --clear-groups "$KSM_HOOK" estimate >"$work/out" 2>&1
	assertEquals 1 $?
	assertContains "$(cat "$work/out")" "takes root"
	assertContains "$("$KSM_HOOK" estimate --help)" "usage: ksm-hook estimate"
}

# Other users' debuggers and core dumps see nothing of what root has read.
test_not_dumpable() {
	assertTrue "strace sees the call" "strace -f -e trace=prctl,mlock,madvise \
		$KSM_HOOK estimate $$ 2>&1 | grep -q 'prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE'"
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
