#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whose memory cgroup pays for merged pages: ten equal containers of runc, what the kernel charges
# each of them, and what ps says; then the one that pays writes to its pages, and stops.
# needs: machine ksmd

pages=4096
bytes=$((pages * $(getconf PAGESIZE)))
all="1 2 3 4 5 6 7 8 9 10"

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	cp "$BUILD/tests/equal" "$work/root/bin/equal"
	echo '{}' >"$work/config.json"
	echo 0 >$ksm/run
	echo 20000 >$ksm/pages_to_scan
	echo 10 >$ksm/sleep_millisecs
	for _n in $all; do
		_b=$work/bundle.$_n
		bundle_make "$_b" "$work/root" "$(hooks_json createRuntime)" '{"io.ksm.merge":"true"}' \
			/bin/equal $pages
		runc run -d -b "$_b" "$(id "$_n")" >"$work/out.$_n" 2>&1
		wait_for 20 grep -q ready "$work/out.$_n"
	done
	tree=/sys/fs/cgroup key=anon
	if [ -e /sys/fs/cgroup/memory/memory.usage_in_bytes ]; then
		tree=/sys/fs/cgroup/memory key=total_rss
	fi
	for _n in $all; do
		_pid=$(runc state "$(id "$_n")" | jq .pid)
		_path=$(sed -n 's/^[0-9]*:memory://p; s/^0:://p' "/proc/$_pid/cgroup" | head -n 1)
		echo "$tree$_path" >"$work/cgroup.$_n"
	done
}

suite_teardown() {
	for _n in $all; do runc delete -f "$(id "$_n")" 2>/dev/null; done
}

id() { echo "charges-$$-$1"; }

# what the kernel charges container N for anonymous memory
charged() { sed -n "s/^$key //p" "$(cat "$work/cgroup.$1")/memory.stat"; }

# look FILE OPTION...: a list of our containers into the file
look() {
	_file=$1
	shift
	"$KSM_HOOK" ps --json "$@" | jq "[.[] | select(.id | startswith(\"charges-$$-\"))]" >"$_file"
}

# figure FILE N FIELD
figure() { jq ".[] | select(.id == \"$(id "$2")\") | .$3" "$1"; }

# near WHAT GOT WANTED: within 64 KiB, as each program has some pages of its own
near() {
	assertTrue "$1: got $2, wanted $3" "[ $2 -ge $(($3 - 65536)) ] && [ $2 -le $(($3 + 65536)) ]"
}

# the containers that are left have so many merged pages each
merged() {
	look "$work/merged.json"
	[ "$(jq "[.[] | select(.merged_bytes >= $bytes)] | length" "$work/merged.json")" -eq "$1" ]
}

# add up FIELD of FILE
sum() { jq "[.[].$2] | add" "$1"; }

# the kernel adds up each two seconds, so its figures may be that old
settled() {
	_before=$(for _n in $all; do charged "$_n" 2>/dev/null; done)
	sleep 2.5 # the time itself is what is waited for
	[ "$_before" = "$(for _n in $all; do charged "$_n" 2>/dev/null; done)" ]
}

# By the name of its test: the others go on from it.
test1TenBeforeAnythingIsMerged() {
	for _n in $all; do near "container $_n" "$(charged "$_n")" $bytes; done
	look "$work/exact.json" --exact
	assertEquals "all are there, and known" 10 "$(jq '[.[] | select(.charged_bytes == 0)] | length' "$work/exact.json")"
}

test2OnePaysForTen() {
	echo 1 >$ksm/run
	wait_for 60 merged 10
	echo 0 >$ksm/run
	wait_for 60 settled
	look "$work/exact.json" --exact
	look "$work/bounds.json"
	near "all that is paid" "$(sum "$work/exact.json" charged_bytes)" $bytes
	_kernel=0
	for _n in $all; do
		_c=$(figure "$work/exact.json" "$_n" charged_bytes)
		_e=$(figure "$work/exact.json" "$_n" charged_elsewhere_bytes)
		# what its cgroup has in memory.stat is what it pays for others, and the little of its own
		near "container $_n pays" "$(charged "$_n")" "$_c"
		near "container $_n uses" $((_c + _e)) $bytes
		_kernel=$((_kernel + $(charged "$_n")))
		for _f in charged charged_elsewhere; do
			_v=$(figure "$work/exact.json" "$_n" ${_f}_bytes)
			_least=$(figure "$work/bounds.json" "$_n" ${_f}_bytes)
			_most=$(figure "$work/bounds.json" "$_n" ${_f}_at_most_bytes)
			assertTrue "container $_n, $_f: $_least <= $_v <= $_most" \
				"[ $_least -le $((_v + 65536)) ] && [ $_most -ge $((_v - 65536)) ]"
		done
		# equal containers are told without looking at pages
		near "container $_n, by default" "$(figure "$work/bounds.json" "$_n" charged_at_most_bytes)" "$_c"
	done
	assertTrue "the kernel charges once: $_kernel" "[ $_kernel -lt $((bytes + 10 * 131072)) ]"
	out=$("$KSM_HOOK" ps)
	assertContains "$out" "$out" " CHARGED "
	"$KSM_HOOK" metrics >"$work/metrics"
	assertEquals 10 "$(grep -c "^ksm_container_charged_elsewhere_bytes.*charges-$$-" "$work/metrics")"
	out=$(promtool check metrics <"$work/metrics" 2>&1)
	assertEquals "$out" 0 $?
}

# the container that pays most, N
payer() { jq -r 'max_by(.charged_bytes).id' "$work/exact.json" | sed 's/.*-//'; }

# it has copies then, and pays for what it gave up all the same
test3ThePayerWrites() {
	_n=$(payer)
	_paid=$(figure "$work/exact.json" "$_n" charged_bytes)
	runc kill "$(id "$_n")" USR1
	wait_for 20 grep -q apart "$work/out.$_n"
	_us=$(sed -n 's/^apart //p' "$work/out.$_n")
	echo "$pages copies in $_us us"
	assertTrue "$_us us" "[ '$_us' -gt 0 ]"
	wait_for 60 settled
	near "its cgroup" "$(charged "$_n")" $((bytes + _paid))
	look "$work/exact.json" --exact
	look "$work/bounds.json"
	near "for others" "$(figure "$work/exact.json" "$_n" charged_bytes)" "$_paid"
	near "of theirs" "$(figure "$work/exact.json" "$_n" charged_elsewhere_bytes)" 0
	near "by default" "$(figure "$work/bounds.json" "$_n" charged_at_most_bytes)" "$_paid"
	near "by default, at least" "$(figure "$work/bounds.json" "$_n" charged_bytes)" "$_paid"
}

# of a unit not all processes are shown, so what its cgroup pays says nothing of merged pages
test5AUnitOfTheHost() {
	_unit=$tree/charges-$$.service
	mkdir "$_unit"
	"$KSM_HOOK" run sleep 1000 &
	_asks=$!
	perl -e '$| = 1; my $x = "x" x 50000000; print "ready\n"; sleep 1000' >"$work/others" &
	_others=$!
	echo $_asks >"$_unit/cgroup.procs"
	echo $_others >"$_unit/cgroup.procs"
	wait_for 20 grep -q ready "$work/others"
	"$KSM_HOOK" ps --json >"$work/unit.json"
	assertEquals "$(cat "$work/unit.json")" '[false]' \
		"$(jq -c "[.[] | select(.id == \"charges-$$.service\") | has(\"charged_at_most_bytes\")]" "$work/unit.json")"
	kill $_asks $_others
	wait $_asks $_others 2>/dev/null
	_gone() { rmdir "$_unit" 2>/dev/null; }
	wait_for 20 _gone
}

# what it paid for is in use, so it stays charged: to its cgroup, which is dead, and those above
test4ThePayerStops() {
	_n=$(payer)
	_paid=$(figure "$work/exact.json" "$_n" charged_bytes)
	_above=$(dirname "$(cat "$work/cgroup.$_n")")
	runc delete -f "$(id "$_n")"
	_cgroup=$(cat "$work/cgroup.$_n")
	wait_for 20 test ! -e "$_cgroup"
	wait_for 60 settled
	look "$work/exact.json" --exact
	assertEquals 9 "$(jq length "$work/exact.json")"
	near "others pay" "$(sum "$work/exact.json" charged_bytes)" $((bytes - _paid))
	for _k in $all; do
		[ "$_k" != "$_n" ] || continue
		_c=$(figure "$work/exact.json" "$_k" charged_bytes)
		near "container $_k uses as before" "$(figure "$work/exact.json" "$_k" charged_elsewhere_bytes)" \
			$((bytes - _c))
		near "container $_k is charged as before" "$(charged "$_k")" "$_c"
	done
	_kernel=$(sed -n "s/^$key //p" "$_above/memory.stat")
	_below=0
	for _c in "$_above"/*/memory.stat; do
		_below=$((_below + $(sed -n "s/^$key //p" "$_c")))
	done
	assertTrue "above, $_kernel are charged, of which $_below are of what is there: $_paid are its" \
		"[ $((_kernel - _below)) -ge $((_paid - 65536)) ]"
}

. "$(dirname "$0")/../lib/common.sh"
