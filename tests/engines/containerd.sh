#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# containerd with the runtime wrapper: by ctr, and as the CRI plugin's configuration.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	mkdir "$work/bin" "$work/private" "$work/daemon"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	ln -s "$KSM_HOOK" "$work/private/runc"
	show='/bin/cat /proc/self/ksm_stat'
	# the snippet that is shipped, in a daemon that runs
	sed "s|/usr/local/sbin|$work/bin|" "$top/oci-config/containerd.toml" >"$work/daemon/containerd.toml"
	"$top/tests/lib/daemons" "$work/daemon" >"$work/daemon/log" 2>&1 </dev/null &
	daemon=$!
	wait_for 20 ctl version >/dev/null 2>&1 || cat "$work/daemon/log" "$work/daemon/containerd.log"
}

# in the daemon's namespaces, for the fifos that it shares with its clients
inside() {
	timeout 60 nsenter -t "$(cat "/proc/$daemon/task/$daemon/children" | tr -d ' ')" -m -p "$@"
}

ctl() {
	inside ctr -a "$work/daemon/c.sock" "$@"
}

run() {
	_wrap=$1
	shift
	out=$(ctl run --rm --runc-binary "$work/$_wrap" --cgroup /ksm-hook-test-ctr "$@" 2>&1)
}

testRun() {
	# shellcheck disable=SC2086
	{
		run bin/ksm-runc --rootfs "$work/root" c $show
		says_merged "ctr run, chosen" yes
		run bin/ksm-runc --annotation io.ksm.merge=false --rootfs "$work/root" c $show
		says_merged "ctr run, says no" no
		run private/runc --rootfs "$work/root" c $show
		says_merged "ctr run, in runc's place" no
		run private/runc --annotation io.ksm.merge=true --rootfs "$work/root" c $show
		says_merged "ctr run, in runc's place, asked" yes
	}
}

testExec() {
	for _case in "bin/ksm-runc true yes" "private/runc true yes" "private/runc false no"; do
		# shellcheck disable=SC2086
		set -- $_case
		ctl run -d --runc-binary "$work/$1" --cgroup /ksm-hook-test-ctr --annotation "io.ksm.merge=$2" \
			--rootfs "$work/root" c /bin/sleep 60
		# shellcheck disable=SC2086
		out=$(ctl task exec --exec-id e c $show 2>&1)
		says_merged "ctr task exec: $_case" "$3"
		ctl task kill -s KILL c >/dev/null 2>&1
		ctl task rm -f c >/dev/null 2>&1
		ctl container rm c >/dev/null 2>&1
	done
}

# one id in two of containerd's namespaces is two containers, for those that look where its /run is
testNamespaces() {
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -c 'mkdir -p /run/containerd && ln -s "$1/io.containerd.runtime.v2.task" /run/containerd' \
		sh "$work/daemon/c-state"
	for _ns in default team; do
		ctl -n $_ns run -d --cgroup /ksm-hook-test/$_ns/one --rootfs "$work/root" one /bin/sleep 60
	done
	_rows() { inside "$KSM_HOOK" ps | awk '$1 == "containerd" { print $2, $3, $4 }' | sort; }
	assertEquals "default/one 1 no
team/one 1 no" "$(_rows)"
	out=$(inside "$KSM_HOOK" attach one 2>&1)
	assertNotEquals "which one? $out" 0 $?
	out=$(inside "$KSM_HOOK" attach team/one 2>&1)
	assertEquals "$out" 0 $?
	assertEquals "default/one 1 no
team/one 1 yes" "$(_rows)"
	for _ns in default team; do
		ctl -n $_ns task kill -s KILL one >/dev/null 2>&1
		ctl -n $_ns task rm -f one >/dev/null 2>&1
		ctl -n $_ns container rm one >/dev/null 2>&1
	done
}

# the names of what the CRI plugin reads, and that it starts with them
testCriConfiguration() {
	out=$(containerd --config "$work/daemon/all.toml" config dump)
	for _line in "containerd.runtimes.ksm-runc\]" "BinaryName = \"$work/bin/ksm-runc\"" \
		'pod_annotations = \["io.ksm.\*", "io.ksm.\*/\*"\]' \
		'container_annotations = \["io.ksm.\*", "io.ksm.\*/\*"\]'; do
		assertTrue "$_line" "printf '%s' '$out' | grep -q '$_line'"
	done
	assertTrue "the CRI plugin runs: $(ctl plugins ls | grep cri)" "ctl plugins ls | grep -q 'grpc.v1 *cri .* ok *$'"
}

suite_teardown() {
	[ -z "${daemon:-}" ] || kill -KILL "$daemon"
	wait_for 60 cgroup_removed ksm-hook-test-ctr 2>/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
