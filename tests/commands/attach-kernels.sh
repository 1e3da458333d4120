#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attach and detach on other kernels (tests/kernels/README.md): those without the prctl, those
# that do not tell who has it, and cgroup v2's limits.
# shellcheck disable=SC2086,SC2154 # lists are split; variables of common.sh

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$BUILD/attach/grow:/grow"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		hook=/usr/sbin/ksm-hook
		unmarked() { grep '^VmFlags:.* wr ' /proc/$p/smaps | grep -Evc ' (sh|ms|io|pf|de|ht|mm|dp|mg) '; }
		marked() { grep -c '^VmFlags:.* mg ' /proc/$p/smaps; }
		last() { tail -n 1 /tmp/said; }
		/grow >/tmp/grow.out &
		p=$!
		until [ -s /tmp/grow.out ]; do usleep 100000; done
		$hook attach $p >/tmp/said 2>&1
		echo "attach $?: $(sed -n 's/.* \(prctl\|madvise\) .* us  /\1 /p' /tmp/said)"
		echo "unmarked: $(unmarked)"
		for i in 1 2 3 4 5 6 7 8; do kill -USR1 $p; usleep 100000; done
		echo "grown: $([ $(unmarked) -gt 0 ] && echo not) all marked"
		$hook attach --watch=1 $p >/tmp/watch 2>&1 &
		w=$!
		for i in $(seq 100); do [ $(unmarked) -gt 0 ] || break; usleep 100000; done
		echo "watched: $(unmarked) unmarked"
		# it waits for the signal, which would end it before
		for i in $(seq 100); do [ $((0x$(sed -n 's/^SigBlk:.//p' /proc/$w/status) & 0x4000)) -eq 0 ] || break; usleep 100000; done
		kill -TERM $w
		wait $w
		echo "watch ended: $?"
		for i in $(seq 100); do [ $(cat /sys/kernel/mm/ksm/pages_sharing) -lt 1000 ] || break; usleep 100000; done
		$hook attach $p >/tmp/said 2>&1
		echo "again $?: $(last | sed 's/;.*//')"
		mkdir /sys/fs/cgroup/g
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control
		echo $p >/sys/fs/cgroup/g/cgroup.procs
		echo 1048576 >/sys/fs/cgroup/g/memory.max
		$hook detach $p >/tmp/said 2>&1
		echo "no room $?: $(last)"
		echo max >/sys/fs/cgroup/g/memory.max
		$hook detach $p >/tmp/said 2>&1
		echo "detach $?: $(last | sed 's/;.*//')"
		echo "marked: $(marked)"
		kill -TERM $p
		wait $p
		echo "grow $?: $(tail -n 1 /tmp/grow.out)"
	S
	chmod 755 "$guest/run.test"
	ask_all 5.10 6.1 6.12 7
}

test_what_is_there_is_marked_and_taken_back() {
	says '*' 'attach 0: [a-z]* mergeable' 'unmarked: 0' 'watched: 0 unmarked' \
		'watch ended: 0' 'again 0: 0 made mergeable, 1 were already, 0 failed' \
		'detach 0: 1 no longer mergeable, 0 were not mergeable, 0 failed' 'marked: 0' 'grow 0: ok'
}

test_madvise_where_there_is_no_prctl() {
	for _k in '5.10.*' '6.1.*'; do
		says "$_k" 'attach 0: madvise mergeable' 'grown: not all marked'
	done
}

test_the_prctl_elsewhere() {
	for _k in '6.12.*' '7.*'; do
		says "$_k" 'attach 0: prctl mergeable' 'grown:  all marked'
	done
}

# The mark is set there and then lost by nothing that happens here
test_kernels_that_do_not_scan_after_exec() {
	[ -e "$BUILD/kernels/exec-6.12/vmlinuz" ] || { skip "no kernel that was built for this"; return; }
	says as-6.7 'attach 0: prctl mergeable' 'grown:  all marked'
}

# 5.10 does not say what is merged of a process: at most what is anonymous of it
test_the_limit_of_a_cgroup_v2() {
	for _k in '5.*' '6.*' '7.*'; do
		says "$_k" 'no room 1: .*unmerging needs .* more, and the cgroup /g has .* left: .* too little; --force .*'
	done
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
