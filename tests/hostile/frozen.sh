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

# listed FIELD: of the tenant, in what ps --json says
listed() {
	"$KSM_HOOK" ps --json 2>/dev/null | jq --arg id "stopped-$$" ".[] | select(.engine == \"lxc\" and .id == \$id) | .$1"
}

# 300 processes of one address space and 40 that stopped themselves, some before them and some behind, on a
# busy machine: all who can be reached are, and what attach says is what there is. It said "18 made mergeable,
# 3,589 failed" where 3,004 were mergeable then: a failure stayed one when a process of the same address
# space had changed what both share, and the stopped used up the time of all.
testWhatIsSaidIsSo() {
	stopped=lxc.payload.stopped-$$
	_cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$stopped
	mkdir "$_cgroup"
	mkfifo "$work/end"
	cat >"$work/crowd" <<-'S'
		echo $$ >"$1/cgroup.procs"
		for _i in $(seq 20); do sh -c 'kill -STOP $$' & done
		"$2" processes 300 <"$3" &
		for _i in $(seq 20); do sh -c 'kill -STOP $$' & done
		wait
	S
	sh "$work/crowd" "$_cgroup" "$BUILD/attach/many" "$work/end" >"$work/ready" 2>&1 &
	exec 7>"$work/end"
	busy=
	for _i in 1 2 3 4; do
		nice -n 5 sh -c 'while :; do :; done' &
		busy="$busy $!"
	done
	_stopped() { [ "$(sed 's,.*,/proc/&/status,' "$_cgroup/cgroup.procs" | xargs grep -l '^State:.*T' 2>/dev/null | wc -l)" -eq 40 ]; }
	wait_for 30 grep -q ready "$work/ready"
	wait_for 30 _stopped
	timeout -s KILL 120 "$KSM_HOOK" attach --json "lxc:stopped-$$" >"$work/out" 2>"$work/said"
	_rc=$?
	assertEquals "the stopped fail: $(tail -n 3 "$work/said")" 1 $_rc
	_said=$(jq -c '[.done + .already, .failed]' "$work/out")
	assertEquals "$_said" "[$(listed mergeable_processes),$(($(listed processes) - $(listed mergeable_processes)))]" "$_said"
	# one that was slow on a busy machine: again, as it says
	_but_the_stopped() {
		timeout -s KILL 120 "$KSM_HOOK" attach "lxc:stopped-$$" >"$work/out" 2>"$work/said"
		[ "$(($(listed processes) - $(listed mergeable_processes)))" -eq 40 ]
	}
	wait_for 30 _but_the_stopped
	exec 7>&-
	# shellcheck disable=SC2086 # words
	kill $busy && wait $busy 2>/dev/null
	true
}

suite_teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "${busy:-}" ] || kill $busy 2>/dev/null
	[ -z "${stopped:-}" ] || echo 1 >"$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$stopped/cgroup.kill"
	for _cgroup in ${tenant:-} ${other:-} ${stopped:-}; do
		wait_for 20 cgroup_removed "$_cgroup"
	done
}

. "$(dirname "$0")/../lib/common.sh"
