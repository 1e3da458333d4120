#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant whose processes cannot be reached (frozen): detach --all does the others', whatever their
# numbers, in good time, and says who was not tried and why. The program of before the audit tried each of
# the 300 for its own limit, 12.9 s in all where this one takes 4.9, and gave no reason.
# needs: containers

# in numbers of its own: --all is all that the namespace has
testFrozenContainer() {
	_v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	tenant=lxc.payload.frozen-$$ other=lxc.payload.other-$$
	mkdir "$_v2/$tenant" "$_v2/$other"
	cat >"$work/inside" <<-'S'
		tenant=$1 other=$2 hook=$3
		sleep 1000 &
		first=$!
		for _i in $(seq 300); do
			sleep 1000 &
			echo $! >"$tenant/cgroup.procs"
		done
		sleep 1000 &
		last=$!
		echo $first >"$other/cgroup.procs"
		echo $last >"$other/cgroup.procs"
		"$hook" attach --all || exit 2
		echo 1 >"$tenant/cgroup.freeze"
		until grep -q 'frozen 1' "$tenant/cgroup.events"; do sleep 0.02; done
		timeout -s KILL 60 "$hook" detach --all
		echo "rc $?"
		echo "others $(cat /proc/$first/ksm_stat /proc/$last/ksm_stat | grep -c 'ksm_merge_any: no')"
		echo 0 >"$tenant/cgroup.freeze"
	S
	unshare -m -p -f --kill-child --mount-proc sh "$work/inside" "$_v2/$tenant" "$_v2/$other" "$KSM_HOOK" >"$work/out" 2>&1
	assertEquals "$(tail -n 5 "$work/out")" "rc 1
others 2" "$(tail -n 2 "$work/out")"
	assertTrue "who was not tried" "grep -q 'reason=target-skipped' '$work/out'"
}

suite_teardown() {
	for _cgroup in ${tenant:-} ${other:-}; do
		wait_for 20 cgroup_removed "$_cgroup"
	done
}

. "$(dirname "$0")/../lib/common.sh"
