#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --economize: the agent does what ksm-hook economize does, and what a pod said of it counts
# where its runtime's files are not to be seen. Containers of runc, and the real ksmd. In a pid namespace of its
# own, so that none but ours is met, whose first process is this shell: a node's init, to an agent in another cgroup.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

[ -n "${ECONOMIZE_NAMESPACE:-}" ] ||
	ECONOMIZE_NAMESPACE=1 exec unshare -p -f -m --mount-proc --propagation private "$0" "$@"

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/economize-lib.sh"

if [ -e /sys/fs/cgroup/memory/memory.usage_in_bytes ]; then
	tree=/sys/fs/cgroup/memory type="cgroup -o memory"
else
	tree=/sys/fs/cgroup type=cgroup2
fi
pod=$tree/$id-pod

# start_agent ARGUMENT...: which finds no runtime, but for $socket; in a cgroup of its own
start_agent() {
	: >"$work/log"
	mkdir -p "$pod"
	# shellcheck disable=SC2016 # for the inner shell
	in_pod='echo $$ >"$0/cgroup.procs" && exec "$@"'
	printf '%s' "${config:-{\}}" >/etc/ksm-hook/agent.json
	sh -c "$in_pod" "$pod" ${in:-} "$KSM_HOOK" nri --socket="${socket:-$work/none}" --config=/etc/ksm-hook/agent.json "$@" 2>"$work/log" &
	agent=$!
}

stop_agent() {
	kill -TERM "$agent"
	wait "$agent"
	_ended=$?
	assertEquals "$(cat "$work/log")" 0 $_ended
	agent=
}

# what else a test has started
also_teardown() {
	for _p in ${agent:-} ${runtime:-}; do
		kill "$_p" 2>/dev/null
		wait "$_p" 2>/dev/null
	done
	agent='' runtime='' in='' config='' socket=''
	[ ! -d "$pod" ] || rmdir "$pod"
}

# dear NAME ANNOTATIONS: one that costs more than it saves
dear() {
	container "$1" "$2" 'exec equal 3000'
	apart "$1"
	attach "$1"
}

is_mergeable() { [ "$(mergeable "$1")" = "$2" ]; }

testItDoesWhatTheCommandDoes() {
	dear odd '{}'
	dear off '{"io.ksm.economy": "off"}'
	echo 1 >$ksm/run
	start_agent --economize=1
	wait_for 60 is_mergeable odd no
	wait_for 20 grep -q "economize: 1 of .* no longer mergeable" "$work/log"
	scans 6
	assertEquals "by its annotation: $(cat "$work/log")" yes "$(mergeable off)"
	_child=$agent
	stop_agent
	assertEquals "no child is left" "" "$(pgrep -P "$_child")"
}

testWhatTheConfigurationSays() {
	dear odd '{}'
	echo 1 >$ksm/run
	config='{"economy": "off"}'
	start_agent --economize=1
	wait_for 30 test -e /run/ksm-hook/economy
	scans 6
	assertEquals "$(cat "$work/log")" yes "$(mergeable odd)"
	stop_agent
	config='{"mode": "observe"}'
	echo 1 >$ksm/run
	start_agent --economize=1
	wait_for 30 grep -q "reason=observed" "$work/log"
	assertEquals "$(cat "$work/log")" yes "$(mergeable odd)"
	stop_agent
	config=
	# the control
	echo 1 >$ksm/run
	start_agent --economize=1
	wait_for 60 is_mergeable odd no
	stop_agent
}

# As in a pod: a cgroup namespace, a tree of cgroups that begins at its own, and its rights.
testInAPod() {
	cat >"$work/in-pod" <<-P
		exec unshare --cgroup --mount sh -c 'umount -l $tree && mount -t $type none $tree && exec setpriv \
			--bounding-set=-all,+sys_ptrace,+sys_admin,+kill,+dac_read_search --inh-caps=-all \
			--no-new-privs "\$@"' sh "\$@"
	P
	dear odd '{}'
	echo 1 >$ksm/run
	in="sh $work/in-pod"
	start_agent --economize=1
	wait_for 20 grep -q nri-unreachable "$work/log"
	assertNotEquals "a namespace" "$(readlink /proc/self/ns/cgroup)" "$(readlink "/proc/$agent/ns/cgroup")"
	assertFalse "a tree" "[ -e /proc/$agent/root$pod ]"
	wait_for 60 is_mergeable odd no
	stop_agent
}

# What is killed with its agent, or left by it, keeps no lock and no file of the agent's.
testItIsKilled() {
	dear odd '{}'
	echo 1 >$ksm/run
	start_agent --economize=1
	wait_for 30 test -e /run/ksm-hook/economy
	kill -KILL "$agent"
	wait "$agent" 2>/dev/null
	assertEquals "before it was sure" yes "$(mergeable odd)"
	start_agent --economize=1
	wait_for 60 is_mergeable odd no
	stop_agent
}

testNotUnlessItIsAskedFor() {
	dear odd '{}'
	start_agent
	wait_for 20 grep -q nri-unreachable "$work/log"
	scans 6
	assertFalse "nothing was looked at" "[ -e /run/ksm-hook/economy ]"
	assertEquals yes "$(mergeable odd)"
	stop_agent
}

# Where it does not see the node's processes, and by the way that has no right.
testWhereItCannot() {
	in="unshare --pid --fork --kill-child --mount-proc"
	start_agent --economize=1
	wait_for 20 grep -q "needs the host's pid namespace" "$work/log"
	wait_for 20 grep -q nri-unreachable "$work/log"
	kill -KILL "$agent"
	wait "$agent" 2>/dev/null
	in=
	start_agent --economize=1 --way=exec
	wait_for 20 grep -q "the way exec has no right" "$work/log"
	stop_agent
}

# A pod's annotation is the agent's to remember: in its own pod it finds no files of the runtime's.
testWhatAPodSaid() {
	socket=$work/nri.sock
	for _name in dear thrifty; do
		bundle_make "$work/b-$_name" "$work/root" '{}' '{}' /bin/sh -c "exec equal 3000"
		started="$started $_name"
		: >"$work/$_name.out"
		timeout 60 runc create -b "$work/b-$_name" --pid-file "$work/$_name.pid" "$id-$_name" \
			</dev/null >"$work/$_name.out" 2>&1
		set -- "$@" "shop/$_name/main:$id-$_name:$(cat "$work/$_name.pid")"
	done
	rm -f "$work/hold"
	mkfifo "$work/hold"
	timeout 600 python3 "$top/tests/lib/fakes/nri-starts" "$socket" "$@" <"$work/hold" >"$work/runtime" 2>&1 &
	runtime=$!
	exec 3>"$work/hold"
	wait_for 20 test -S "$socket"
	echo 1 >$ksm/run
	start_agent --economize=1
	wait_for 30 grep -q started "$work/runtime"
	for _name in dear thrifty; do
		runc start "$id-$_name"
		wait_for 10 grep -q ready "$work/$_name.out"
		apart $_name
		assertEquals "$_name: $(cat "$work/log")" yes "$(mergeable $_name)"
	done
	wait_for 30 is_mergeable dear no
	scans 6
	assertEquals "$(cat "$work/log")" yes "$(mergeable thrifty)"
	exec 3>&-
	stop_agent
	socket=
}

# shellcheck source=/dev/null
. "$here/../lib/common.sh"
