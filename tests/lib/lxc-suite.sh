# shellcheck shell=sh disable=SC2034,SC2154 # variables of suites, of common.sh
# SPDX-License-Identifier: Apache-2.0
# What the suites of LXC's hook share: kinds of containers, a start that is looked at, what is
# expected of one.

. "$top/tests/lib/lxc-lib.sh"
kinds='privileged idmapped user'

lxc_suite_setup() {
	had_pivot=$(find /sys/fs/cgroup -maxdepth 2 -name lxc.pivot)
	lxc_setup
	user_make
	mkdir "$work/home/lxc" && chown $user:$user "$work/home/lxc"
}

lxc_suite_teardown() {
	user_remove
	# LXC parks its monitors there and leaves them
	[ -n "$had_pivot" ] || rmdir /sys/fs/cgroup/lxc.pivot /sys/fs/cgroup/*/lxc.pivot 2>/dev/null
}

# start NAME: what the hook says goes to $said (LXC keeps it in its debug log), the status to
# $rc, the probe's to $out
start() {
	: >"$work/log"
	chmod 666 "$work/log"
	said=$(lxc_start "$1" -F -l DEBUG -o "$work/log" 2>&1)
	rc=$?
	[ $rc -eq 0 ] || said="$said
$(grep -E ' (WARN|ERROR) ' "$work/log")"
	said="$said$(sed -n 's/.* produced output: //p' "$work/log")"
	out=$(cat "$work/roots/$1/tmp/out" 2>/dev/null)
}

assert_all_merged() {
	assertEquals "$1: it ran: $said" 0 "$rc"
	assertContains "$1: to its end: $out" "$out" "end"
	assertEquals "$1: every process: $out" 5 "$(echo "$out" | grep -c 'merge_any: yes')"
	assertNotContains "$1: $out" "$out" "merge_any: no"
}

assert_none_merged() {
	assertEquals "$1: it ran: $said" 0 "$rc"
	assertContains "$1: to its end: $out" "$out" "end"
	assertEquals "$1: no process: $out" 5 "$(echo "$out" | grep -c 'merge_any: no')"
}

# assert_refused NAME [CODE]
assert_refused() {
	assertNotEquals "$1: refused: $said" 0 "$rc"
	assertEquals "$1: did not run" "" "$out"
	assertContains "$1: $said" "$said" " reason=${2:-target-seccomp}: "
}

lxc_pid() {
	lxc-info -P "$work/lxc" -n "$1" -p -H
}
