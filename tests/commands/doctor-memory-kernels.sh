#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What doctor says of memory, on other kernels (tests/kernels/README.md) with cgroup v2: a sparse process on
# a kernel whose ksmd walks holes and on ones whose does not, a limit below what merging saves, a machine
# that could not hold its memory unmerged.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$(command -v jq):/usr/bin/jq" \
		"$BUILD/tests/sparse:/usr/bin/sparse" "$BUILD/tests/equal:/usr/bin/equal"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		ksm=/sys/kernel/mm/ksm tree=/sys/fs/cgroup
		echo +memory >$tree/cgroup.subtree_control
		mkdir $tree/docker
		echo +memory >$tree/docker/cgroup.subtree_control
		# within ID COMMAND...: in a cgroup named as a container's
		within() {
			_dir=$tree/docker/$(printf %064d "$1")
			shift
			mkdir "$_dir"
			(echo 0 >"$_dir/cgroup.procs" && exec "$@") &
		}
		found() { ksm-hook doctor --json | jq -r "[.findings[] | select(.id == \"$1\") | .level] | unique[]" | xargs echo "$2"; }
		until_merged() {
			_tries=0
			until [ "$(cat $ksm/pages_sharing)" -ge "$1" ] || [ $_tries -eq 300 ]; do
				_tries=$((_tries + 1))
				sleep 0.2 # until merged
			done
		}
		within 1 sparse 4096
		sleep 3 # so that ksmd is in it
		a=$(cat $ksm/full_scans)
		sleep 3 # what ksmd does meanwhile is what is measured
		echo "progress $([ "$(cat $ksm/full_scans)" -gt "$a" ] && echo yes || echo no)"
		found container-sparse sparse
		kill $!
		sleep 3 # ksmd notices
		a=$(cat $ksm/pages_scanned)
		within 2 ksm-hook run equal 1024
		within 3 ksm-hook run equal 1024
		until_merged 1024
		echo "after $([ "$(cat $ksm/pages_scanned)" -gt "$a" ] && echo yes || echo no)"
		found container-sparse sparse-after
		found container-limit without
		# the one that does not pay: the other is above that limit already
		anon() { sed -n 's/^anon //p' "$tree/docker/$(printf %064d "$1")/memory.stat"; }
		sleep 3 # the kernel adds up every two seconds
		limited=2
		[ "$(anon 3)" -ge "$(anon 2)" ] || limited=3
		echo 3M >$tree/docker/$(printf %064d $limited)/memory.max
		found container-limit limit
		echo 16M >$tree/docker/$(printf %064d $limited)/memory.max
		found container-limit enough
		found headroom room
		# three times 130 MiB, of which two are saved, and 256 MiB of what is left are taken
		for c in 4 5 6; do
			within $c ksm-hook run equal 33000
		done
		until_merged 65000
		echo 0 >$ksm/run
		head -c "$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) - 150000))k" /dev/zero >/tmp/taken
		found headroom no-room
	S
	chmod 755 "$guest/run.test"
	# 6.16 ended before the fix
	# shellcheck disable=SC2086 # a list
	"$top/tests/kernels/fetch" "$BUILD/kernels" ${KERNELS:-6.16 6.18 7} >"$work/list"
	while read -r _k; do
		ask "$(basename "$(dirname "$_k")")" "$_k" -m 900 -t 400
	done <"$work/list"
}

testSparse() {
	says '6.16*' 'progress no' 'sparse warning'
	says '6.18*' 'progress yes' 'sparse'
	says '7*' 'progress yes' 'sparse'
	says '*' 'after yes' 'sparse-after'
}

testALimitBelowWhatIsMerged() { says '*' 'without' 'limit warning' 'enough'; }

testHeadroom() { says '*' 'room' 'no-room warning'; }

. "$(dirname "$0")/../lib/common.sh"
