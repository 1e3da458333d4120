#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is promised of a saving: nothing without samples; what held, with equal containers of runc; and
# samples are taken as the timer does. The clock since boot is that of a time namespace.
# needs: machine ksmd

pages=4096
bytes=$((pages * $(getconf PAGESIZE)))
image=docker.io/library/equal:1
day=86400
# the suite's has been up for 20 days, whatever the machine has; its containers started in that time
shift_20=$((20 * day - $(cut -d. -f1 /proc/uptime)))

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	cp "$BUILD/tests/equal" "$work/root/bin/equal"
	echo '{}' >"$work/config.json"
	mkdir -p /run/ksm-hook "$work/names"
	echo 0 >$ksm/run
	echo 20000 >$ksm/pages_to_scan
	echo 10 >$ksm/sleep_millisecs
	for _n in 1 2 3; do
		_b=$work/io.containerd.runtime.v2.task/k8s.io/$(id $_n)
		bundle_make "$_b" "$work/root" "$(hooks_json createRuntime poststop)" "{\"io.ksm.merge\":\"true\",
			\"io.kubernetes.cri.container-type\":\"container\", \"io.kubernetes.cri.sandbox-name\":\"web-$_n\",
			\"io.kubernetes.cri.sandbox-namespace\":\"shop\", \"io.kubernetes.cri.container-name\":\"equal\",
			\"io.kubernetes.cri.image-name\":\"$image\"}" /bin/equal $pages
		aged runc run -d -b "$_b" "$(id $_n)" >"$work/out.$_n" 2>&1
		wait_for 20 grep -q ready "$work/out.$_n"
	done
	echo 1 >$ksm/run
	wait_for 60 merged
	echo 0 >$ksm/run
}

suite_teardown() {
	for _n in 1 2 3; do aged runc delete -f "$(id $_n)" 2>/dev/null; done
}

id() { echo "capacity-$$-$1"; }

merged() {
	[ "$(aged "$KSM_HOOK" ps --json | jq "[.[] | select(.id | startswith(\"capacity-$$-\")) | .saved_bytes] | add")" \
		-ge $((2 * bytes * 95 / 100)) ]
}

# with the clock since boot of a machine that has been up for so long; and with names of containers that
# no process with another clock finds old
aged() {
	unshare -T -m --boottime $shift_20 sh -c "mount --bind '$work/names' /run/ksm-hook"' && exec "$@"' sh "$@"
}

capacity() { aged "$KSM_HOOK" capacity --samples="$work/samples" "$@"; }

# history SECONDS SAVED BARE: one sample each ten minutes, up to now
history() {
	rm -f "$work/samples"
	aged "$KSM_HOOK" metrics --samples="$work/samples" >/dev/null || fail "no sample"
	_boot=$(awk 'NR == 2 { print $1 }' "$work/samples")
	_now=$(awk 'NR == 2 { print $2 }' "$work/samples")
	awk -v boot="$_boot" -v now="$_now" -v length_="$1" -v saved="$2" -v bare="$3" 'BEGIN {
		print "ksm-hook samples 1"
		for (t = now - length_; t < now; t += 600)
			printf "%s %d %d %.0f %.0f\n", boot, t, 1800000000 + t, saved, bare
	}' >"$work/samples.new"
	mv "$work/samples.new" "$work/samples"
}

figure() { jq -r ".$1" "$work/json"; }

look() {
	capacity --json "$@" >"$work/json"
	_ended=$?
	assertEquals "$(cat "$work/json")" 0 $_ended
}

testNothingIsPromisedWithoutSamples() {
	rm -f "$work/samples"
	out=$("$KSM_HOOK" capacity --samples="$work/samples" 2>&1)
	assertEquals "a file that was named is missing" 1 $?
	assertContains "$out" "$out" "No such file"
	history 1200 $bytes $bytes
	out=$(capacity)
	assertEquals "$out" 0 $?
	assertContains "$out" "$out" "promised    nothing: the samples reach back 20 minutes without a gap"
	assertContains "$out" "$out" "$image"
	look
	assertEquals false "$(figure promised)"
	assertEquals null "$(figure room_bytes)"
	assertEquals null "$(figure 'images[-1].more_fit')"
}

testWhatHeldIsPromised() {
	history $((7 * day + 3600)) $((20 << 20)) $((1 << 30))
	look
	assertEquals true "$(figure promised)"
	assertEquals $((7 * day)) "$(figure covered_seconds)"
	assertEquals $((20 << 20)) "$(figure held_bytes)"
	assertEquals 0 "$(figure largest_fall_bytes)"
	assertEquals 0 "$(figure restarts)"
	# the reserve: what all that is of one image saves, or has no known one
	assertEquals image "$(figure reserve_from)"
	assertTrue "$(cat "$work/json")" "[ $(figure reserve_bytes) -ge $((2 * bytes * 95 / 100)) ]"
	# of which no more can be lost than held
	assertEquals $((1 << 30)) "$(figure room_bytes)"
	_row=".images[] | select(.image == \"$image\")"
	assertEquals 3 "$(jq "$_row | .containers" "$work/json")"
	_needs=$(jq "$_row | .needs_bytes" "$work/json")
	assertTrue "$_needs" "[ $_needs -ge $bytes ] && [ $_needs -le $((bytes + (1 << 20))) ]"

	look --reserve=4M
	assertEquals given "$(figure reserve_from)"
	assertEquals $((4 << 20)) "$(figure reserve_bytes)"
	assertEquals $(((1 << 30) + (16 << 20))) "$(figure room_bytes)"
	_fit=$(jq "$_row | .more_fit" "$work/json")
	# more than if each took its whole size, fewer than if it took what it saves now less
	assertTrue "$_fit" "[ $_fit -gt $((1060 * 1024 * 1024 / _needs)) ]"
	out=$(capacity --reserve=4M)
	assertContains "$out" "$out" "20.0 MiB held for 7 days; with that reserve, room for 1.0 GiB"
	assertContains "$out" "$out" "reserve     4.0 MiB, as --reserve says"
	assertEquals "$out" "$image 3 $_fit" "$(echo "$out" | awk -v i="$image" '$1 == i { print $1, $2, $NF }')"
}

testOnlyTheDaysThatAreAskedFor() {
	history $((3 * day)) $((20 << 20)) $((1 << 30))
	# half of it, for ten minutes, two days ago
	awk -v n="$(wc -l <"$work/samples")" '
		NR == n - 288 { $4 = 10 * 1024 * 1024 } { print }' "$work/samples" >"$work/samples.new"
	mv "$work/samples.new" "$work/samples"
	look
	assertEquals $((10 << 20)) "$(figure held_bytes)"
	assertEquals $((10 << 20)) "$(figure largest_fall_bytes)"
	look --days=1
	assertEquals $((20 << 20)) "$(figure held_bytes)"
	assertEquals $day "$(figure covered_seconds)"
}

# nobody's stored names are to be found old by a process with another clock
testJustBooted() {
	_shift=$((1200 - $(cut -d. -f1 /proc/uptime)))
	out=$(unshare -T -m --boottime $_shift sh -c "mount -t tmpfs none /run &&
		'$KSM_HOOK' metrics --samples='$work/samples.now' >/dev/null &&
		'$KSM_HOOK' capacity --samples='$work/samples.now'")
	assertEquals "$out" 0 $?
	assertContains "$out" "$out" "promised    nothing: the machine was started less than an hour ago"
}

# as the timer does it: a sample now, and none more within ten minutes that says nothing new
testSamplesAreTaken() {
	history $((2 * day)) $((20 << 20)) $((1 << 30))
	_before=$(wc -l <"$work/samples")
	aged "$KSM_HOOK" metrics --samples="$work/samples" --output="$work/ksm.prom"
	assertEquals 0 $?
	assertEquals $((_before + 1)) "$(wc -l <"$work/samples")"
	_inode=$(stat -c %i "$work/samples")
	aged "$KSM_HOOK" metrics --samples="$work/samples" --output="$work/ksm.prom"
	assertEquals $((_before + 1)) "$(wc -l <"$work/samples")"
	assertEquals "600 0" "$(stat -c '%a %u' "$work/samples" | sed 's/^644/600/')"
	promtool check metrics <"$work/ksm.prom"
	assertEquals 0 $?
	for _m in $(grep -o 'ksm_hook_capacity_[a-z_]*' "$top/docs/ksm-hook-capacity.8" | sort -u); do
		grep -q "^$_m [0-9]" "$work/ksm.prom"
		assertTrue "$_m" $?
	done
	assertEquals $((20 << 20)) "$(sed -n 's/^ksm_hook_capacity_held_bytes //p' "$work/ksm.prom")"
}

testABrokenFileIsBegunAnew() {
	echo "nonsense" >"$work/samples"
	out=$(capacity 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "$work/samples: line 1"
	out=$("$KSM_HOOK" metrics --samples="$work/samples" 2>&1 >"$work/ksm.prom")
	assertEquals "$out" 0 $?
	assertContains "$out" "$out" "begun anew"
	assertEquals 2 "$(wc -l <"$work/samples")"
	assertTrue "figures" "grep -q '^ksm_hook_capacity_covered_seconds 0' '$work/ksm.prom'"
	# nor is one that others could have written
	chmod 666 "$work/samples"
	out=$(capacity 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "$work/samples"
}

testWrongUsage() {
	for _o in --reserve=x --reserve= --reserve=-1 --reserve=9999999T --days=0 --days=8; do
		out=$("$KSM_HOOK" capacity "$_o" 2>&1)
		assertEquals "$_o: $out" 2 $?
	done
	out=$("$KSM_HOOK" metrics --format=collectd --samples="$work/samples" 2>&1)
	assertEquals "$out" 2 $?
}

. "$(dirname "$0")/../lib/common.sh"
