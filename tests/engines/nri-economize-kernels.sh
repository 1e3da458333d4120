#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --economize on cgroup v2 alone (tests/kernels/README.md), as in a pod: a cgroup namespace, a tree that
# begins at its own cgroup, and its rights. engines/nri-economize has what it does on this machine's tree.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$(command -v runc):/usr/sbin/runc" \
		"$(command -v unshare):/usr/bin/unshare" "$(command -v setpriv):/usr/bin/setpriv" \
		"$BUILD/tests/equal:/root/container/bin/equal"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		# by their paths: busybox has applets of these names, which can less
		tree=/sys/fs/cgroup
		any() { sed -n 's/^ksm_merge_any: //p' "/proc/$(cat "/tmp/$1.pid")/ksm_stat"; }
		until_true() {
			tries=0
			until "$@" || [ $tries -eq 300 ]; do
				tries=$((tries + 1))
				sleep 0.2 # between two looks
			done
		}
		mkdir -p /root/container/proc /root/container/sys /root/container/dev /b
		cd /b
		runc spec
		sed -i 's/"terminal": true/"terminal": false/; s|"rootfs"|"/root/container"|; s|"sh"|"/bin/equal","3000"|' config.json
		for c in dear thrifty equal; do
			# pivot_root cannot leave the first root file system
			ksm-hook run -- runc run --no-pivot -d --pid-file /tmp/$c.pid $c >/tmp/$c.out 2>&1
			until_true grep -q ready /tmp/$c.out
		done
		runc kill dear USR1
		until_true grep -q apart /tmp/dear.out
		echo "trees $(awk '$3 ~ /^cgroup/ { print $3 }' /proc/mounts | xargs)"
		echo "before $(any dear) $(any thrifty) $(any equal)"
		mkdir $tree/pod
		echo '{}' >/tmp/agent.json
		sh -c 'echo $$ >'$tree'/pod/cgroup.procs && exec /usr/bin/unshare --cgroup --mount sh -c "umount -l '$tree' &&
			mount -t cgroup2 none '$tree' && exec /usr/bin/setpriv --bounding-set=-all,+sys_ptrace,+sys_admin,+kill,+dac_read_search \
			--inh-caps=-all --no-new-privs ksm-hook nri --socket=/tmp/none --config=/tmp/agent.json --economize=1"' \
			2>/tmp/agent.log &
		agent=$!
		until_true grep -q 'no longer mergeable' /tmp/agent.log
		echo "its own tree $(ls -d /proc/$agent/root$tree/dear 2>/dev/null)"
		echo "after $(any dear) $(any thrifty) $(any equal)"
		kill $agent
		wait $agent
		echo "ended $?"
		sed 's/^/log: /' /tmp/agent.log
	S
	chmod 755 "$guest/run.test"
	# shellcheck disable=SC2086 # a list
	"$top/tests/kernels/fetch" "$BUILD/kernels" ${KERNELS:-6.18} >"$work/list"
	while read -r _k; do
		ask "$(basename "$(dirname "$_k")")" "$_k" -m 700 -t 300
	done <"$work/list"
	cat "$work"/out/*
}

testOnCgroupV2Alone() {
	says '*' "trees cgroup2" "before yes yes yes"
}

testWhatCostsMoreThanItSaves() {
	says '*' "its own tree " "after no yes yes" "ended 0"
}

. "$(dirname "$0")/../lib/common.sh"
