#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# Files of /proc that are longer than a page: /proc/PID/cgroup of engines within engines, and
# /proc/PID/status of a user in many groups.
# needs: machine ksmd

id=00000000000000000000000000000000000000000000000000000000beefcafe

# mounts: where cgroups can be made, v1's hierarchies before v2's, as /proc/PID/cgroup has them
mounts() {
	awk '$3 == "cgroup" { print $2 }' /proc/mounts
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

suite_setup() {
	top_name=ksm-long-$$
	# three names of 200 bytes: a few hierarchies of v1 fill a page with them
	part=$(printf '%0200d' 0 | tr 0 n)
	long=$top_name/$part/$part/$part
	for _m in $(mounts); do mkdir -p "$_m/$long"; done
	# the last line that is shown has the container
	last=$(mounts | tail -n 1)
	mkdir -p "$last/$long/docker/$id"
	memory=$(mounts | while read -r _m; do
		[ ! -e "$_m/$long/memory.limit_in_bytes" ] || echo "$_m/$long"
	done)
	mkfifo "$work/in"
}

suite_teardown() {
	# without a name of ours it would be every empty cgroup of the machine
	[ -n "${top_name:-}" ] || return 0
	for _m in $(mounts); do
		find "$_m/$top_name" -depth -type d -exec rmdir {} +
	done
}

each_teardown() {
	exec 7>&-
	wait "$target"
}

# start COMMAND...: in the long cgroups, until it has said ready
start() {
	: >"$work/out"
	(
		for _m in $(mounts); do
			cat "$_m/cpuset.cpus" >"$_m/$top_name/cpuset.cpus" 2>/dev/null
			_d=$_m/$long
			[ "$_m" != "$last" ] || _d=$_d/docker/$id
			echo 0 >"$_d/cgroup.procs"
		done 2>/dev/null
		exec "$@" <"$work/in" >>"$work/out" 7>&-
	) &
	target=$!
	exec 7>"$work/in"
	wait_for 20 grep -q ready "$work/out" || fail "not started: $(cat "$work/out")"
}

testTheContainerIsKnown() {
	start perl -e '$| = 1; print "ready\n"; <STDIN>'
	if [ "$(mounts | wc -l)" -gt 6 ]; then
		assertTrue "its cgroups fill a page" "[ $(wc -c <"/proc/$target/cgroup") -gt 4096 ]"
	fi
	assertEquals docker "$("$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$id\") | .engine")"
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>"$work/err" | jq -c '[.done, .failed]')
	assertEquals "$(cat "$work/err")" "[1,0]" "$out"
	out=$("$KSM_HOOK" detach --json "/$long" 2>"$work/err" | jq -c '[.done, .failed]')
	assertEquals "by its path: $(cat "$work/err")" "[1,0]" "$out"
}

merged() { awk '/^KSM:/ { kb += $2 } END { print kb / 4 }' "/proc/$target/smaps"; }
has_merged() { [ "$(merged)" -gt 7900 ]; }

# where the copies do not fit into the cgroup, detach refuses
testItsMemoryIsLookedAt() {
	if [ -z "$memory" ]; then
		assertEquals "one line, which tests/commands/detach-memory.sh has" 1 "$(mounts | wc -l)"
		return
	fi
	# 32 MiB, each page twice
	start perl -e 'my $x = join "", map { pack("N", $_) x 1024 } 1 .. 4096; my $y = reverse reverse $x;
		$| = 1; print "ready\n"; <STDIN>'
	"$KSM_HOOK" attach "docker:$id" >"$work/attach" 2>&1
	echo none >$ksm/advisor_mode 2>/dev/null
	echo 20000 >$ksm/pages_to_scan
	echo 2 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
	wait_for 60 has_merged || cat "$work/attach"
	echo 0 >$ksm/run
	echo $(($(cat "$memory/memory.usage_in_bytes") + (24 << 20))) >"$memory/memory.limit_in_bytes"
	out=$("$KSM_HOOK" detach "docker:$id" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" reason=host-headroom
	assertTrue "still merged: $(merged)" has_merged
	echo -1 >"$memory/memory.limit_in_bytes"
}

# the reason that is given is one
testManyGroups() {
	start perl -e '$) = "0 " . join(" ", 100000 .. 101000); $| = 1; print "ready\n"; <STDIN>'
	assertTrue "its status fills a page" "[ $(wc -c <"/proc/$target/status") -gt 4096 ]"
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>"$work/err" | jq -c '[.done, .failed]')
	assertEquals "$(cat "$work/err")" "[1,0]" "$out"
	out=$("$KSM_HOOK" doctor --json "docker:$id")
	assertEquals "no filter, none is told" "" "$(echo "$out" | jq -r '.findings[] | select(.id == "container-seccomp") | .what')"
}

# a process of the host with namespaces of its own, whose root stands behind other mounts, as one that an
# initramfs has mounted does: in the order of their making, which a move keeps
testItsRootIsFarBehind() {
	mkdir "$work/mounts" "$work/root"
	: >"$work/out"
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --pid --fork --kill-child --propagation private sh -c '
		mount -t tmpfs none "$1/mounts"
		for _i in $(seq 80); do mkdir "$1/mounts/$_i"; mount -t tmpfs none "$1/mounts/$_i"; done
		mount --bind / "$1/root"
		mount --move "$1/mounts" "$1/root/mnt"
		mount -t proc proc "$1/root/proc"
		mount --bind /dev "$1/root/dev"
		cd "$1/root" && mount --move . / && exec chroot . perl -e "\$0 = q(farroot); \$| = 1; print qq(ready\n); <STDIN>"
	' sh "$work" <"$work/in" >>"$work/out" 2>&1 &
	target=$!
	exec 7>"$work/in"
	wait_for 20 grep -q ready "$work/out" || fail "not started: $(cat "$work/out")"
	_pid=$(tr -d ' ' <"/proc/$target/task/$target/children")
	assertTrue "$(cat "/proc/$_pid/mountinfo")" "[ $(sed '/^[^ ]* [^ ]* [^ ]* [^ ]* \/ /,$d' "/proc/$_pid/mountinfo" | wc -c) -gt 2048 ]"
	"$KSM_HOOK" attach "pid:$_pid" >"$work/attach" 2>&1
	assertEquals "$(cat "$work/attach")" host "$("$KSM_HOOK" ps --json | jq -r '.[] | select(.id == "farroot") | .engine')"
}

# MemAvailable is there, however many lines follow
testMemoryOfManyLines() {
	true &
	target=$!
	exec 7>/dev/null
	{ cat /proc/meminfo && for _i in $(seq 2000); do echo "Nothing$_i:            0 kB"; done; } >"$work/meminfo"
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation private sh -c 'mount --bind "$1" /proc/meminfo && exec "$2" capacity --json' \
		sh "$work/meminfo" "$KSM_HOOK" >"$work/capacity" 2>&1
	assertEquals "$(cat "$work/capacity")" "$(awk '/^MemAvailable/ { print $2 * 1024 }' "$work/meminfo")" \
		"$(jq .available_bytes "$work/capacity")"
}

. "$(dirname "$0")/../lib/common.sh"
