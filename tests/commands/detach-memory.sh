#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# detach, where unmerging takes more memory than there is.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/attach-lib.sh"

id=ksmdetach-$$

# in pages; ksm_stat's number is that of ksmd's last look
merged() {
	awk '/^KSM:/ { kb += $2 } END { print kb / 4 }' "/proc/$1/smaps"
}

# 32 MiB, each page twice: unmerging takes 16 MiB, but by the count of merged pages 32.
test_detach_looks_for_memory() {
	group=/sys/fs/cgroup/memory/$id
	mkdir -p $group
	# shellcheck disable=SC2016 # for perl
	perl -e 'my $x = join "", map { pack("N", $_) x 1024 } 1 .. 4096; my $y = reverse reverse $x;
		$| = 1; print "ready\n"; sleep 1000; print $x eq $y ? "same\n" : "WRONG\n"' >"$work/perl.out" &
	p=$!
	echo $p >$group/cgroup.procs
	wait_for 10 grep -q ready "$work/perl.out"
	attach $p
	echo none >$ksm/advisor_mode 2>/dev/null
	# pages that it has looked at before are passed over now and then
	[ ! -e $ksm/smart_scan ] || echo 0 >$ksm/smart_scan
	echo 20000 >$ksm/pages_to_scan
	echo 2 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
	wait_for 30 eval "[ \$(merged $p) -gt 7900 ]" || fail "merged: $(merged $p)"
	echo 0 >$ksm/run
	used=$(cat $group/memory.usage_in_bytes)
	echo $((used + 24 * 1048576)) >$group/memory.limit_in_bytes
	fails "unmerging needs 3.*MiB more, and the cgroup /$id has 2.*MiB left: .* too little; --force" 1 "$KSM_HOOK" detach $p
	assertEquals "still mergeable" 1 "$(marked yes $p)"
	assertTrue "still merged" "[ $(merged $p) -gt 7900 ]"
	detach --force $p
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals 0 "$(merged $p)"
	assertEquals 1 "$(marked no $p)"
	# with room no force is needed
	echo -1 >$group/memory.limit_in_bytes
	attach $p
	echo 1 >$ksm/run
	wait_for 30 eval "[ \$(merged $p) -gt 7900 ]" || fail "merged again: $(merged $p)"
	detach $p
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals 0 "$(merged $p)"
	kill $p
	wait $p 2>/dev/null
	wait_for 30 rmdir $group
}

# shellcheck source=/dev/null
. "$here/../lib/common.sh"
