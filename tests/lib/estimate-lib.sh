# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # lists are split; variables of common.sh
# SPDX-License-Identifier: Apache-2.0
# What the suites of estimate share: containers of the host's programs, what is counted in them, and ksmd
# until it finds no more. After tests/lib/host-root.sh.

# containers of the host's programs can be made, and ksmd waits with its usual settings
estimate_setup() {
	host_root_make || exit 1
	echo 0 >$ksm/run
	echo none >$ksm/advisor_mode
	echo 0 >$ksm/use_zero_pages
}

# names of containers as runc has them
all() {
	for _n in $host_names; do echo "$host_prefix$_n"; done
}

end_all() {
	for _n in $host_names; do ${host_runtime:-runc} delete -f "$host_prefix$_n" 2>/dev/null; done
	host_names=
}

# yardstick NAME: a number that bench/pages counts in all containers
yardstick() {
	"$BUILD/bench/pages" $(host_pids) | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# one pass more than it takes to find all; smart_scan would skip pages in between
merge_all() {
	echo 0 >$ksm/smart_scan
	echo 20000 >$ksm/pages_to_scan
	echo 5 >$ksm/sleep_millisecs
	_scans=$(($(cat $ksm/full_scans) + ${1:-5}))
	echo 1 >$ksm/run
	wait_for 60 scanned $_scans
	echo 0 >$ksm/run
}

scanned() {
	[ "$(cat $ksm/full_scans)" -ge "$1" ]
}

# within PERCENT WHAT GOT WANTED [SLACK]: and SLACK pages more
within() {
	_d=$(($3 - $4))
	[ $_d -ge 0 ] || _d=$((-_d))
	assertTrue "$2: told $3, was $4 (pages)" "[ $((_d * 100)) -le $(($4 * $1 + ${5:-0} * 100)) ]"
}

# start KIND NAME [ANNOTATIONS]
start() {
	workload_run "$1" "$2" '{}' "${3:-"{}"}" && workload_work "$1" "$2" ||
		fail "$2 did not start: $(cat "$work/c/$2/log")"
}
