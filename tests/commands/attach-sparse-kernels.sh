#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# "max_sparse": a process with a vast and empty address space is kept out of merging, by attach and by what takes
# out those that became so, on a kernel whose ksmd walks holes and on ones whose does not (tests/kernels/README.md).

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/etc/ksm-hook" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$(command -v jq):/usr/bin/jq" \
		"$BUILD/tests/sparse:/usr/bin/sparse" "$BUILD/tests/equal:/usr/bin/equal"
	echo '{"max_sparse": "8G"}' >"$guest/etc/ksm-hook/config.json"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		ksm=/sys/kernel/mm/ksm tree=/sys/fs/cgroup
		mkdir $tree/docker
		# within ID COMMAND...: in a cgroup named as a container's
		within() {
			_dir=$tree/docker/$(printf %064d "$1")
			shift
			mkdir "$_dir"
			(echo 0 >"$_dir/cgroup.procs" && exec "$@") &
		}
		# until_so COMMAND...: "yes" within two minutes, or else "no"
		until_so() {
			_tries=0
			while [ $_tries -lt 600 ]; do
				"$@" && echo yes && return
				_tries=$((_tries + 1))
				sleep 0.2 # until it is so
			done
			echo no
		}
		reserves() { [ "$(awk '/^VmSize/ { print $2 }' "/proc/$1/status")" -ge 33554432 ] 2>/dev/null; } # 32 GiB
		is() { grep -q "^ksm_merge_any: $2" "/proc/$1/ksm_stat"; }
		scans_after() { [ "$(cat $ksm/full_scans)" -gt $(($1 + 2)) ]; }
		within 1 sparse 4096 plain
		vast=$!
		until_so reserves $vast >/dev/null
		within 2 equal 1024
		small=$!
		ksm-hook attach --json --all >/tmp/said 2>/tmp/log
		echo "attach $? $(jq -r '[.processes[] | select(.done | not) | .reason] | join(" ")' /tmp/said)"
		echo "vast $(is $vast yes && echo mergeable || echo left)"
		echo "small $(until_so is $small yes)"
		echo "goes-on $(until_so scans_after "$(cat $ksm/full_scans)")"
		kill $vast
		# root says so all the same: ksmd is in it, and then no longer
		within 3 sparse 32 plain
		forced=$!
		until_so reserves $forced >/dev/null
		ksm-hook attach --force $forced >/dev/null && is $forced yes && echo "forced mergeable"
		begun=$(cut -d' ' -f1 /proc/uptime)
		a=$(cat $ksm/full_scans)
		scans_in() { until_so scans_after "$(cat $ksm/full_scans)" >/dev/null; }
		scans_in
		echo "slow $(awk -v a="$begun" '{ print int($1 - a) }' /proc/uptime) s" >&2
		ksm-hook detach --all --sparse >/tmp/said 2>&1
		echo "out $(until_so is $forced no)"
		echo "small-stays $(is $small yes && echo yes)"
		begun=$(cut -d' ' -f1 /proc/uptime)
		scans_in
		echo "fast $(awk -v a="$begun" '{ print int($1 - a) }' /proc/uptime) s" >&2
		kill $forced
		# one that starts mergeable, and grows: what looks again takes it out
		ksm-hook detach --all --sparse --watch=1 >/tmp/watched 2>&1 &
		within 4 ksm-hook run sparse 32 plain
		grows=$!
		until_so reserves $grows >/dev/null
		echo "grown $(until_so is $grows no)"
		echo "small-left $(is $small yes && echo yes)"
		echo "after $(until_so scans_after "$(cat $ksm/full_scans)")"
		# without a bound there is nothing to go by
		echo '{}' >/etc/ksm-hook/config.json
		ksm-hook detach --all --sparse 2>/tmp/log
		echo "no-bound $? $(grep -c max_sparse /tmp/log)"
		ksm-hook attach --json --all >/tmp/said 2>/tmp/log
		echo "unbound $(is $grows yes && echo mergeable)"
	S
	chmod 755 "$guest/run.test"
	# 6.16 ended before the fix
	# shellcheck disable=SC2086 # a list
	"$top/tests/kernels/fetch" "$BUILD/kernels" ${KERNELS:-6.16 6.18 7} >"$work/list"
	while read -r _k; do
		ask "$(basename "$(dirname "$_k")")" "$_k" -m 900 -t 900
	done <"$work/list"
	[ -z "$KEEP" ] || cp -a "$work/." "$KEEP"
}

testAttachLeavesItOut() { says '*' 'attach 1 target-sparse' 'vast left' 'small yes' 'goes-on yes'; }

testDetachTakesItOut() { says '*' 'forced mergeable' 'out yes' 'small-stays yes'; }

testAWatchTakesOutWhatGrew() { says '*' 'grown yes' 'small-left yes' 'after yes'; }

testWithoutABound() { says '*' 'no-bound 1 1' 'unbound mergeable'; }

. "$(dirname "$0")/../lib/common.sh"
