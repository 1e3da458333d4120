#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attach and detach on real containers and programs: nobody is missed, nobody is hurt.
# needs: containers
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/workloads.sh"
# shellcheck source=/dev/null
. "$here/../lib/attach-lib.sh"

preload_env=
id=ksmattach-$$
hex=$(printf '%08x' $$)

test_a_container_and_what_it_starts_later() {
	container $id-a /bin/sh -c 'sleep 1000 & while :; do sleep 0.2; done'
	wait_for 10 has 3 $id-a
	assertEquals 0 "$(marked yes $(pids_of $id-a))"
	attach $id-a
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	before=$(pids_of $id-a)
	wait_for 10 another $id-a
	all_are yes $id-a
	attach $id-a
	assertContains "$(said)" "0 made mergeable, "
	assertContains "$(said)" " were already, 0 failed"
	attach runc:$id-a
	assertEquals 0 $?
	detach $id-a
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	before=$(pids_of $id-a)
	wait_for 10 another $id-a
	all_are no $id-a
	p=$(pids_of $id-a | head -n 1)
	assertEquals "mappings of the first" 0 "$(marked_mappings "$p")"
}

test_a_hundred_processes() {
	container $id-b /bin/sh -c 'i=1; while [ $i -lt 100 ]; do sleep 1000 & i=$((i + 1)); done; wait'
	_all_run() { [ "$(pids_of $id-b | wc -l)" -eq 100 ] && [ "$(comms sleep $(pids_of $id-b))" -eq 99 ]; }
	wait_for 10 _all_run
	"$KSM_HOOK" attach --json $id-b >"$work/json"
	assertEquals 0 $?
	assertEquals '[100,100,0,0]' "$(jq -c '[(.processes | length), .done, .already, .failed]' "$work/json")"
	assertEquals true "$(jq '[.processes[] | .done and .method == "prctl" and .stopped_us > 0] | all' "$work/json")"
	assertEquals 100 "$(marked yes $(pids_of $id-b))"
	# all of them have the same cgroup, namespaces and root: what is mounted there is not read for each, and again and again
	"$KSM_HOOK" detach $id-b >"$work/said" 2>&1
	strace -f -o "$work/trace" -e trace=open,openat "$KSM_HOOK" attach $id-b >"$work/said" 2>&1
	assertContains "$(cat "$work/said")" "100 made mergeable"
	_read=$(grep -c '/proc/[0-9]*/mountinfo' "$work/trace")
	assertTrue "$_read reads of mountinfo" "[ $_read -ge 1 ] && [ $_read -le 100 ]"
	echo "attach to 100 processes: $(jq -c '[.elapsed_us, .stopped_us_median, .stopped_us_max]' "$work/json") us"
}

# In the same cgroup and namespaces, one process is the host's and one is in a root of its own: neither is taken for the other.
test_a_root_of_its_own_beside_the_hosts() {
	rootfs_make "$work/apart" /usr/bin/sleep
	cp /usr/bin/sleep "$work/hosts$$"
	cp /usr/bin/sleep "$work/apart/bin/inside$$"
	unshare -p -f -m --mount-proc --kill-child "$KSM_HOOK" run -- sh -c "
		$work/hosts$$ 100 & chroot $work/apart /bin/inside$$ 100 & $work/hosts$$ 100 & chroot $work/apart /bin/inside$$ 100 & wait" &
	_all=$!
	_hosts() { "$KSM_HOOK" ps --json | jq --arg id "$1$$" '[.[] | select(.engine == "host" and .id == $id) | .processes] | add'; }
	wait_for 10 eval "[ \$(pgrep -cx 'hosts$$|inside$$') -eq 4 ]"
	assertEquals "the host's" 2 "$(_hosts hosts)"
	assertEquals "a container's" null "$(_hosts inside)"
	kill $_all
	wait $_all 2>/dev/null
}

test_ps_tells_method_and_exec_sessions() {
	container $id-p /bin/sh -c 'sleep 1000 & sleep 1000 & wait'
	wait_for 10 has 3 $id-p
	row() { "$KSM_HOOK" ps --json | jq -c ".[] | select(.id == \"$id-p\") |
		[.method, .processes, .mergeable_processes, .exec_not_mergeable]"; }
	assertEquals '["none",3,0,0]' "$(row)"
	attach $id-p
	assertEquals '["prctl",3,3,0]' "$(row)"
	# a shell of its own, with a child
	runc exec -d $id-p /bin/sh -c 'sleep 1000; true'
	wait_for 10 has 5 $id-p
	assertEquals '["prctl",5,3,2]' "$(row)"
	assertContains "$("$KSM_HOOK" ps)" "3 of 5 (2 exec)"
	# one that is forked inside and loses the setting is no exec session
	detach pid:$(pids_of $id-p | sed -n 2p)
	assertEquals '["prctl",5,2,2]' "$(row)"
	attach $id-p
	assertEquals '["prctl",5,5,0]' "$(row)"
	detach $id-p
	attach --method=madvise $id-p
	assertEquals '["madvise",5,5,0]' "$(row)"
	detach $id-p
	assertEquals '["none",5,0,0]' "$(row)"
}

test_ids_and_their_beginnings() {
	one=${hex}aaaa$(printf '%052d' 0) two=${hex}bbbb$(printf '%052d' 0)
	container "$one" /bin/sleep 1000
	container "$two" /bin/sleep 1000
	fails "\"$hex\" is more than one container: oci:$hex.*, oci:$hex" 1 "$KSM_HOOK" attach "$hex"
	attach "${hex}aa"
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals 1 "$(marked yes $(pids_of "$one"))"
	assertEquals 0 "$(marked yes $(pids_of "$two"))"
	attach "$two"
	assertEquals 1 "$(marked yes $(pids_of "$two"))"
	# LXC and OpenVZ number their containers
	sleep 1000 &
	p=$!
	container $p /bin/sleep 1000
	fails "\"$p\" is a process and a container: say pid:$p or runc:$p" 1 "$KSM_HOOK" attach $p
	attach runc:$p
	assertEquals "1 0" "$(marked yes $(pids_of $p)) $(marked yes $p)"
	attach pid:$p
	assertEquals 1 "$(marked yes $p)"
	kill $p
	# a part of a name is no name
	fails "there is no container \"ksmattach-\"" 1 "$KSM_HOOK" attach ksmattach-
}

test_wrong_targets_and_usage() {
	sleep 1000 &
	p=$!
	fails 'there is no container "nosuch"' 1 "$KSM_HOOK" attach nosuch
	# nothing is done where one of the targets is wrong
	fails 'there is no container "nosuch"' 1 "$KSM_HOOK" attach $p nosuch
	assertEquals 0 "$(marked yes $p)"
	fails 'there is no process 4194000' 1 "$KSM_HOOK" attach 4194000
	fails 'there is no process "x"' 1 "$KSM_HOOK" detach pid:x
	fails 'thread of the kernel' 1 "$KSM_HOOK" attach 2
	fails 'the cgroup / is the whole host' 1 "$KSM_HOOK" attach //
	fails 'no process in a cgroup /no/such' 1 "$KSM_HOOK" attach /no/such
	# shellcheck disable=SC2016 # for the inner shell
	fails 'is ksm-hook itself' 1 sh -c 'exec "$0" attach $$' "$KSM_HOOK"
	fails 'no target given' 2 "$KSM_HOOK" attach
	fails 'exclude each other' 2 "$KSM_HOOK" attach --all $p
	fails 'exclude each other' 2 "$KSM_HOOK" attach --json --watch $p
	fails 'invalid value "magic" for --method, expected auto, prctl or madvise' 2 "$KSM_HOOK" attach --method=magic $p
	fails 'invalid value "0" for --watch, expected a number from 1 to 86400' 2 "$KSM_HOOK" attach --watch=0 $p
	kill $p
}

test_a_process_and_a_cgroup() {
	_group=/sys/fs/cgroup/freezer/$id
	[ -d /sys/fs/cgroup/freezer ] || _group=/sys/fs/cgroup/$id
	mkdir -p "$_group"
	sleep 1000 &
	a=$!
	sleep 1000 &
	b=$!
	"$BUILD/victims/zombie" 30000 300 >"$work/zombie.out" 2>&1 &
	z=$!
	"$BUILD/victims/read-32" 30000 300 >"$work/read.out" 2>&1 &
	i=$!
	echo $b >"$_group/cgroup.procs"
	wait_for 10 grep -q ready "$work/zombie.out"
	wait_for 10 grep -q ready "$work/read.out"
	attach $a $a $z $i
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertContains "$(said)" "3 made mergeable"
	assertEquals "1 0" "$(marked yes $a) $(marked yes $b)"
	attach /$id/
	assertContains "$(said)" "1 made mergeable"
	assertEquals 1 "$(marked yes $b)"
	kill $a $b $z $i
	wait $a $b $z $i 2>/dev/null
	rmdir "$_group"
}

# In a pid namespace of its own, so that nobody else's containers are met.
test_all_is_every_container_and_nothing_else() {
	bundle_make "$work/b-all" "$work/root" '{}' '{}' /bin/sleep 1000
	cat >"$work/all.sh" <<-'E'
		sleep 1000 &
		host=$!
		for c in all-1 all-2; do
			runc --root "$work/runc" run -d -b "$work/b-all" "$c-$$$id" </dev/null >/dev/null 2>&1
		done
		"$KSM_HOOK" attach --all
		for d in /proc/[0-9]*; do
			read -r comm <"$d/comm"
			echo "$comm $(grep merge_any "$d/ksm_stat") $([ "$d" = "/proc/$host" ] && echo host)"
		done
		for c in all-1 all-2; do runc --root "$work/runc" delete -f "$c-$$$id"; done
	E
	export work KSM_HOOK id
	timeout 60 unshare -p -f -m --mount-proc sh "$work/all.sh" >"$work/said" 2>"$work/err"
	assertContains "$(said)" "2 made mergeable, 0 were already, 0 failed"
	assertEquals "$(said)" 2 "$(grep -c '^sleep ksm_merge_any: yes $' "$work/said")"
	assertEquals "$(said)" 1 "$(grep -c '^sleep ksm_merge_any: no host$' "$work/said")"
	assertEquals "$(said)" 2 "$(grep -c 'merge_any: yes' "$work/said")"
}

test_under_a_profile_that_kills_for_it() {
	bundle_make "$work/b-sec" "$work/root" '{}' '{}' /bin/sh -c 'while :; do sleep 0.1; done'
	jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["prctl"],
		action: "SCMP_ACT_KILL_PROCESS", args: [{index: 0, value: 67, op: "SCMP_CMP_EQ"}]},
		{names: ["madvise"], action: "SCMP_ACT_KILL_PROCESS"}]}' \
		"$work/b-sec/config.json" >"$work/b-sec/new" && mv "$work/b-sec/new" "$work/b-sec/config.json"
	started="$started $id-sec"
	runc run -d -b "$work/b-sec" $id-sec </dev/null >/dev/null 2>&1
	for how in prctl madvise; do
		attach --method=$how $id-sec
		_ended=$?
		assertEquals "$(said)" 0 $_ended
		detach $id-sec
		_ended=$?
		assertEquals "$(said)" 0 $_ended
	done
	attach $id-sec
	before=$(pids_of $id-sec)
	wait_for 10 another $id-sec
	all_are yes $id-sec
	assertContains "$(cat "/proc/$(pids_of $id-sec | head -n 1)/status")" "Seccomp:	2"
}

test_frozen_means_failed_in_bounded_time() {
	mkdir -p /sys/fs/cgroup/freezer/$id
	sleep 1000 &
	a=$!
	sleep 1000 &
	b=$!
	echo $b >/sys/fs/cgroup/freezer/$id/cgroup.procs
	echo FROZEN >/sys/fs/cgroup/freezer/$id/freezer.state
	from=$(date +%s%N)
	attach $a $b
	status=$?
	took=$((($(date +%s%N) - from) / 1000000))
	echo THAWED >/sys/fs/cgroup/freezer/$id/freezer.state
	assertEquals "$(said)" 1 $status
	assertTrue "$took ms" "[ $took -lt 4000 ]"
	assertContains "$(said)" "1 made mergeable, 0 were already, 1 failed"
	assertContains "$(cat "$work/err")" "process $b (sleep): it did not enter the kernel in time"
	assertEquals "1 0" "$(marked yes $a) $(marked yes $b)"
	attach $a $b
	assertContains "$(said)" "1 made mergeable, 1 were already, 0 failed"
	kill $a $b
	wait $a $b 2>/dev/null
	rmdir /sys/fs/cgroup/freezer/$id
}

# A server each of a kind, answering all the while; tests/commands/attach-soak.sh has the others.
test_servers_under_load() {
	for name in redis-server nginx; do
		workload_start $name || { fail "$name does not start"; continue; }
		(for _ in 1 2 3; do workload_load || exit 1; done) &
		load=$!
		n=0
		while kill -0 $load 2>/dev/null && [ $n -lt 20 ]; do
			attach $(workload_pids) || fail "$name: $(said)"
			assertNotEquals "$name: attached: $(said)" 0 "$(marked yes $(workload_pids))"
			detach $(workload_pids) || fail "$name: $(said)"
			assertEquals "$name: detached: $(said)" 0 "$(marked yes $(workload_pids))"
			n=$((n + 1))
		done
		wait $load
		assertEquals "$name answers" 0 $?
		echo "$name: $n times on and off"
		workload_stop
	done
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
