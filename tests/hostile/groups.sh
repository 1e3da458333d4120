#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Groups of a shared layout with more members than anybody has: no start waits for another
# container's members, no one evicts them, and what has ended is forgotten without a start
# paying for it.
# needs: containers config

groups=/run/ksm-hook/groups

# what it fills and locks is its own
if [ -z "${GROUPS_NAMESPACE:-}" ]; then
	GROUPS_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	mkdir -p /run/ksm-hook
	mount -t tmpfs -o mode=755 none /run/ksm-hook && mkdir -m 700 $groups || exit 1
	config_folder_take
	mkdir -p "$work/etc"
	config='{"shared_layout": true, "log": "info"}'
	echo "$config" | tee "$work/config.json" >"$work/etc/config.json"
	hooks=$(hooks_json createRuntime poststop)
	# start() reads it, whichever test is the first
	bundle_make "$work/b" "$work/root" "$hooks" '{}' /bin/true
}

suite_teardown() {
	config_folder_leave
	for _id in $(runc list -q | grep "^hg-$$"); do runc delete -f "$_id"; done
	umount -l /run/ksm-hook
	rmdir /run/ksm-hook 2>/dev/null
	true
}

each_teardown() {
	[ -z "$sleepers" ] || kill $sleepers 2>/dev/null
	sleepers=
	rm -f $groups/group%3Ahg-$$*
}

# file NAME MEMBER...: a group's record; its members are lines on stdin
file() { { echo "268435456 7 0123456789abcdef0123456789abcdef" && cat; } >"$groups/group%3A$1" && chmod 600 "$groups/group%3A$1"; }

# expired N: members that were started by a wrapper and killed, long ago
expired() { seq 1 "$1" | sed 's|.*|gone-& 0 0 1 %2Fnowhere%2Fruntime%2Fgone-&|'; }

# alive N: members that run
alive() {
	sleepers=
	for _i in $(seq 1 "$1"); do
		sleep 300 >/dev/null &
		sleepers="$sleepers $!"
	done
	for _pid in $sleepers; do
		echo "alive-$_pid $_pid $(cut -d')' -f2- "/proc/$_pid/stat" | cut -d' ' -f21) 0 "
	done
}

asks() { echo "{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"$1\"}"; }

# start GROUP: of a container of the group, by the hook, for a process of ours; its system calls about processes
# and files of members in $calls. Once: who has ended is left out, and the next one would have less to look at.
start() {
	sleep 300 &
	_target=$!
	echo "{\"id\":\"hg-$$\",\"pid\":$_target,\"bundle\":\"$work/b\",\"annotations\":$(asks "$1")}" >"$work/state"
	traced_beside "$work/trace" -e trace=openat,access,faccessat,faccessat2 \
		"$KSM_HOOK" createRuntime --config "$work/config.json" <"$work/state" >"$work/said" 2>&1
	assertContains "control: it joins: $(cat "$work/said")" "$(cat "$groups/group%3A$1")" "hg-$$ $_target "
	calls=$(grep -cE 'gone-|/proc/[0-9]+/stat' "$work/trace")
	kill $_target
}

bundle() { bundle_make "$work/b" "$work/root" "$hooks" "$(asks "$1")" "$2"; }

# run GROUP COMMAND: a real container of the group; its time in ms in $took, its output in $out
run() {
	bundle_make "$work/b" "$work/root" "${3:-$hooks}" "$(asks "$1")" /bin/sh -c "$2"
	_before=$(date +%s%N)
	out=$(runc run -b "$work/b" "hg-$$" 2>&1)
	took=$((($(date +%s%N) - _before) / 1000000))
}

# as many as in the audit: each cost a look at all processes of the host
testExpiredMembersOfOthers() {
	run "hg-$$" 'ulimit -s'
	usual=$took
	expired 1000 | file "hg-$$-other"
	start "hg-$$"
	assertEquals "no other group is looked at" 0 "$(grep -c 'gone-' "$work/trace")"
	assertTrue "$calls looks" "[ $calls -lt 20 ]"
	# other suites run beside this one: the best of three
	_least=
	for _ in 1 2 3; do
		expired 1000 | file "hg-$$-other"
		run "hg-$$" 'ulimit -s' "$(hooks_json createRuntime)"
		assertTrue "shares: $out" "[ $out -ge 131072 ]"
		[ -n "$_least" ] && [ "$_least" -le "$took" ] || _least=$took
	done
	took=$_least
	assertTrue "$took ms, else $usual" "[ $took -lt $((usual + 1000)) ]"
}

testExpiredMembersOfItsOwn() {
	expired 1000 | file "hg-$$"
	start "hg-$$"
	assertTrue "$calls looks at most once at each" "[ $calls -lt 1020 ]"
	assertEquals "they are left out" 0 "$(grep -c gone- "$groups/group%3Ahg-$$")"
	assertNotContains "and with the last of them the secret" "$(cat "$groups/group%3Ahg-$$")" 268435456
	expired 1000 | file "hg-$$"
	run "hg-$$" 'ulimit -s'
	assertNotEquals "a secret of its own: $out" 262144 "$out"
	assertTrue "shares: $out" "[ $out -ge 131072 ]"
}

testLiveMembers() {
	alive 400 >"$work/alive"
	file "hg-$$" <"$work/alive"
	file "hg-$$-other" <"$work/alive"
	start "hg-$$"
	assertTrue "$calls looks for 800 members" "[ $calls -lt 150 ]"
	run "hg-$$" 'ulimit -s'
	assertEquals "the group's secret" 262144 "$out"
	assertEquals "all of them are left" 400 "$(grep -c alive- "$groups/group%3Ahg-$$")"
	assertEquals "of others too" 400 "$(grep -c alive- "$groups/group%3Ahg-$$-other")"
}

# a group that is full, of members that have ended and such that have not
testFull() {
	alive 128 >"$work/alive"
	expired 896 | cat - "$work/alive" | file "hg-$$"
	run "hg-$$" 'ulimit -s'
	assertEquals "room was made" 262144 "$out"
	for _i in 1 2 3 4 5 6 7 8; do cat "$work/alive"; done | file "hg-$$"
	run "hg-$$" 'echo $(ulimit -s) end'
	assertContains "the container starts: $out" "$out" end
	assertNotContains "with a layout of its own" "$out" 262144
}

# somebody holds the lock for ever: the container starts, with a layout of its own
testTheLockIsNotWaitedForLong() {
	file "hg-$$" </dev/null
	setpriv --pdeathsig KILL flock -F $groups sh -c ': >"$1"; exec sleep 60' sh "$work/locked" &
	_locker=$!
	wait_for 10 test -e "$work/locked"
	run "hg-$$" 'echo $(ulimit -s) end'
	kill $_locker
	assertContains "$out" "$out" end
	assertTrue "$took ms" "[ $took -lt 10000 ]"
}

# whoever ended without poststop, and their groups: with the next one that ends
testForgottenBehindTheStart() {
	for _i in 1 2 3 4 5 6 7 8; do expired 100 | file "hg-$$-$_i"; done
	# the first start behind them looks at all; what it has no time left for on a busy machine, or what another
	# hook is looking at, is the next one's
	run "hg-$$" true
	_left=$(find $groups -name "*hg-$$*" | wc -l)
	assertTrue "one start forgets some: $_left of 8 are left" "[ $_left -lt 8 ]"
	none_left() { run "hg-$$" true && [ -z "$(find $groups -name "*hg-$$*")" ]; }
	wait_for 20 none_left
	assertEquals "" "$(find $groups -name "*hg-$$*")"
}

# an id is no right to another's place: neither a name that is chosen nor one that is known
testNobodyIsEvicted() {
	alive 2 >"$work/alive"
	file "hg-$$-victim" <"$work/alive"
	_victim=$(awk '{ print $1; exit }' "$work/alive")
	_before=$(cat "$groups/group%3Ahg-$$-victim")
	# precreate: host name and cgroup are chosen by whoever starts the container, who gets a place beside the victim's
	for _group in "hg-$$" "hg-$$-victim"; do
		bundle_make "$work/b" "$work/root" '{}' "$(asks "$_group")" /bin/true
		for _cgroup in null '"/x/libpod-\($id)"'; do
			jq --arg id "$_victim" ".hostname = \$id | .linux.cgroupsPath = $_cgroup" "$work/b/config.json" |
				"$KSM_HOOK" precreate --config "$work/config.json" >"$work/new.json" 2>/dev/null
			assertContains "control: it has seeds" "$(cat "$work/new.json")" PYTHONHASHSEED
			assertEquals "by precreate, $_group, cgroup $_cgroup" 2 \
				"$(grep -cxFf "$work/alive" "$groups/group%3Ahg-$$-victim")"
		done
	done
	assertEquals "control: it has places" 4 "$(sed 1d "$groups/group%3Ahg-$$-victim" | wc -l)"
	file "hg-$$-victim" <"$work/alive"
	# a hook, the wrapper, and poststop with the victim's id
	for _stage in createRuntime poststop; do
		for _group in "hg-$$" "hg-$$-victim"; do
			jq -n --arg id "$_victim" --argjson a "$(asks "$_group")" \
				'{id: $id, pid: 1, bundle: "/", annotations: $a}' |
				"$KSM_HOOK" $_stage --config "$work/config.json" 2>/dev/null
			assertEquals "$_stage of $_group" "$_before" "$(cat "$groups/group%3Ahg-$$-victim")"
		done
	done
	unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' "$work/etc" \
		"$work/ksm-runc" delete "$_victim" 2>/dev/null
	assertEquals "by delete" "$_before" "$(cat "$groups/group%3Ahg-$$-victim")"
	LXC_HOOK_VERSION=1 LXC_HOOK_TYPE=post-stop LXC_NAME=$_victim "$KSM_HOOK" lxc
	assertEquals "by LXC's post-stop" "$_before" "$(cat "$groups/group%3Ahg-$$-victim")"
}

# a cgroup named like a container keeps no dead member's secret alive, and has no layout of it
testACgroupIsNoMember() {
	_v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	_id=$(printf '%064d' $$)
	mkdir "$_v2/docker-$_id.scope"
	sleep 300 &
	_pid=$!
	echo $_pid >"$_v2/docker-$_id.scope/cgroup.procs"
	echo "$_id 0 0 1 " | file "hg-$$-dead"
	assertContains "control: it is seen" "$("$KSM_HOOK" ps --json)" "$_id"
	assertEquals "shows no group" "null" "$("$KSM_HOOK" ps --json | jq --arg id "$_id" '[.[] | select(.id == $id).group] | unique[0]')"
	run "hg-$$" true
	assertFalse "the secret is gone" "[ -e $groups/group%3Ahg-$$-dead ]"
	kill $_pid
	_gone() { rmdir "$_v2/docker-$_id.scope" 2>/dev/null; }
	wait_for 10 _gone
}

# a file that is none of ours, as many as there are
testBrokenFiles() {
	echo nonsense >"$groups/group%3Ahg-$$"
	mkfifo "$groups/group%3Ahg-$$-fifo"
	ln -s /etc/hostname "$groups/group%3Ahg-$$-link"
	run "hg-$$" 'echo $(ulimit -s) end'
	assertContains "$out" "$out" end
	assertTrue "$took ms" "[ $took -lt 10000 ]"
}

. "$(dirname "$0")/../lib/common.sh"
