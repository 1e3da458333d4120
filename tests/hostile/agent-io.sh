#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri whose surroundings are hostile or broken: system calls fail, limits are tiny, files are
# missing or silent, nobody reads its log. Its runtime has its answers in time, or goes on without it.
# AGENT_IO=all: each call with each error.
# needs: containers

suite_setup() {
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	cgroup=$v2/cri-containerd-$(printf '%056x%08x' $$ 1).scope
	mkdir "$cgroup" "$work/cases" "$work/silent"
}

suite_teardown() { wait_for 20 cgroup_removed "$cgroup"; }

testFaults() {
	# in a mount namespace of its own: an own /run/ksm-hook, and a file system that answers nothing
	cat >"$work/run" <<-'S'
		hold=$1 fuse=$2 silent=$3
		shift 3
		mkdir -p /run/ksm-hook && mount -t tmpfs none /run/ksm-hook || exit
		mknod "$fuse" c 10 229
		"$hold" "$fuse" "$silent" 0 >"$fuse.says" &
		until grep -q silent "$fuse.says" || ! kill -0 $!; do sleep 0.05; done
		"$@"
		rc=$?
		kill $!
		exit $rc
	S
	unshare -m sh "$work/run" "$BUILD/tests/hold-lock" "$work/fuse" "$work/silent" \
		"$top/tests/hostile/agent-io-cases" "$KSM_HOOK" "$work/cases" "$cgroup" "$work/silent" \
		"${AGENT_IO:-quick}" >"$work/out" 2>&1
	assertEquals "status" 0 $?
	_n=$(tail -n 1 "$work/out")
	assertEquals "cases that ended otherwise" "" "$(sed '$d' "$work/out" | head -n 20)"
	assertTrue "$_n: cases, and those with all answers" "[ '${_n% *}' -ge 50 ]"
	# else there would be no agent to speak of
	assertTrue "$_n" "[ '${_n#* }' -ge $((${_n% *} / 3)) ]"
}

. "$(dirname "$0")/../lib/common.sh"
