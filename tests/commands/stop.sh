#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# The kill switch: nothing new is made mergeable, and what is merged is unmerged in steps. In a pid
# namespace, whose processes are all that it sees, and with an /etc/ksm-hook, a /run/ksm-hook and,
# where memory is to be scarce, a /proc/meminfo of its own.
# needs: ksmd config containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	echo '{}' >"$work/config.json"
	bundle_make "$work/hooked" "$work/root" "$(hooks_json createRuntime poststart)" \
		'{"io.ksm.merge":"true","io.ksm.required":"true"}' cat /proc/self/ksm_stat
	bundle_make "$work/silent" "$work/root" '{}' '{}' cat /proc/self/ksm_stat
	bundle_make "$work/wrapped" "$work/root" '{}' '{"io.ksm.merge":"true"}' sleep 600
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	echo 1 >$ksm/run
	echo 20000 >$ksm/pages_to_scan
	echo 5 >$ksm/sleep_millisecs
	cat >"$work/lib.sh" <<-'E'
		mkdir -p "$work/etc"
		mount --bind "$work/etc" /etc/ksm-hook || exit 1
		mkdir -p /run/ksm-hook && mount -t tmpfs -o mode=755 none /run/ksm-hook || exit 1
		mergeable() { cat /proc/[0-9]*/ksm_stat 2>/dev/null | grep -c 'ksm_merge_any: yes'; }
		pages() { cat /proc/[0-9]*/ksm_stat 2>/dev/null | awk '/ksm_merging_pages/ { s += $2 } END { print s + 0 }'; }
		# three processes of the same size, merged until no page is added any more; $one: what a
		# process takes, in kB. perl has the text twice.
		fill() {
			for _i in 1 2 3; do
				"$KSM_HOOK" run perl -e '$x = "y" x (16 << 20); sleep 600' &
			done
			_n=0 _before=0 _same=0
			until [ $_same -ge 20 ] || [ $_n -ge 1200 ]; do
				_n=$((_n + 1)) _now=$(pages)
				[ "$_now" -ge 12000 ] && [ "$_now" -eq $_before ] && _same=$((_same + 1)) || _same=0
				_before=$_now
				perl -e 'select undef, undef, undef, 0.1'
			done
			one=$((_now * 4 / 3))
		}
		available() {
			echo "MemAvailable: $1 kB" >"$work/meminfo"
			mount --bind "$work/meminfo" /proc/meminfo
		}
		stop() {
			"$KSM_HOOK" stop "$@" 2>&1
			echo "status $?"
		}
		# until COMMAND: a minute
		await() {
			_n=0
			until "$@" || [ $_n -ge 600 ]; do
				_n=$((_n + 1))
				perl -e 'select undef, undef, undef, 0.1'
			done
		}
		is() { grep -q "^ksm_merge_any: $1" "/proc/$2/ksm_stat"; }
		merged() { sed -n 's/^ksm_merge_any: //p' "$@"; }
	E
	config_folder_take
}

suite_teardown() {
	config_folder_leave
}

# inside: the script on stdin, where there is nothing but it
inside() {
	rm -rf "${work:?}/etc"
	{ cat "$work/lib.sh" && cat; } >"$work/script"
	out=$(env work="$work" id="ksmstop-$$" KSM_HOOK="$KSM_HOOK" BUILD="$BUILD" timeout 300 unshare -m -p -f --mount-proc --kill-child sh "$work/script" 2>&1)
}

testEverythingIsUnmergedInSteps() {
	inside <<-'E'
		fill
		echo "before $(mergeable) $([ "$(pages)" -ge 12000 ] && echo merged)"
		available $((10 * one))
		stop --unmerge
		# ksmd takes them off its count when it comes by
		_n=0
		until [ "$(pages)" -eq 0 ] || [ $_n -ge 600 ]; do
			_n=$((_n + 1))
			perl -e 'select undef, undef, undef, 0.1'
		done
		echo "after $(mergeable) $(pages)"
		strace -qq -e trace=capset,prctl -o "$work/calls" "$KSM_HOOK" stop --unmerge 2>&1
		echo "status $?"
	E
	# with what attach keeps (tests/hostile/privileges.sh)
	assertEquals "$(cat "$work/calls")" "1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_KILL|1<<CAP_SYS_PTRACE|1<<CAP_SYS_ADMIN" \
		"$(sed -n 's/.*effective=\([^,}]*\).*/\1/p' "$work/calls" | tail -n 1)"
	assertContains "$(cat "$work/calls")" "PR_SET_NO_NEW_PRIVS, 1"
	assertContains "$out" "before 3 merged"
	# a step takes a quarter of room for ten
	assertContains "$out" "2 processes unmerged, "
	assertContains "$out" "1 processes unmerged, "
	assertEquals "in this order: $out" "2 1" "$(echo "$out" | sed -n 's/^\([0-9]*\) processes unmerged.*/\1/p' | paste -sd ' ')"
	assertContains "$out" "nothing is mergeable any more"
	assertContains "$out" "after 0 0"
	assertEquals "both say so: $out" 2 "$(echo "$out" | grep -c 'status 0')"
}

# Who forks all the time: a child of one that is still mergeable is, too, though nothing of it is
# merged yet.
testWhoForksMeanwhile() {
	echo 0 >$ksm/run
	inside <<-'E'
		"$KSM_HOOK" run "$BUILD/attach/forker" 2000 600000 4 tree >"$work/forker" &
		hundred() { [ "$(mergeable)" -ge 100 ]; }
		await hundred
		stop --unmerge
		echo "after $(mergeable)"
		await grep -q rests "$work/forker"
		echo "at its end $(mergeable)"
	E
	echo 1 >$ksm/run
	assertContains "$out" "nothing is mergeable any more"
	assertContains "$out" "status 0"
	assertContains "$out" "after 0"
	assertContains "$out" "at its end 0"
}

# Whoever may not look does not say that nothing is left.
testWithoutTheRightToLook() {
	inside <<-'E'
		cp "$KSM_HOOK" "$work/anyone" && chmod 755 "$work" "$work/anyone"
		"$KSM_HOOK" run sleep 600 &
		await is yes $!
		nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$work/anyone" "$@" 2>&1; echo "status $?"; }
		stop
		nobody stop --unmerge
		nobody detach --all
		nobody detach pid:$!
		merged /proc/$!/ksm_stat
	E
	assertContains "$out" "$out" "--unmerge: only root sees all processes"
	assertContains "$out" "$out" "--all: only root sees all containers"
	assertContains "$out" "$out" "reason=target-untraceable: process "
	assertEquals "$out" "0 1 1 1" "$(echo "$out" | sed -n 's/^status //p' | paste -sd ' ')"
	assertEquals "$out" yes "$(echo "$out" | tail -n 1)"
}

# It is refused before anything is done, and says by how much; nothing new is merged all the same.
testWhereItDoesNotFit() {
	inside <<-'E'
		fill
		available $((3 * one / 2))
		stop --unmerge
		echo "after $(mergeable)"
		available $((4 * one))
		stop --unmerge --budget=10
		stop --unmerge --budget=35
		echo "then $(mergeable)"
	E
	assertTrue "by how much: $out" "echo '$out' | grep -qE 'reason=host-headroom: unmerging needs [0-9.]+ MiB more, and the machine has [0-9.]+ MiB left: [0-9.]+ MiB too little'"
	assertContains "nothing was done: $out" "$out" "after 3"
	# room for all, but not for one of them in a step
	assertContains "$out" "$out" "alone needs "
	assertContains "$out" "$out" "too little; free memory or give a larger --budget"
	assertContains "$out" "$out" "then 0"
	assertEquals "$out" 2 "$(echo "$out" | grep -c 'status 1')"
	assertEquals "$out" 3 "$(echo "$out" | grep -c '^stopped: nothing new')"
}

testNothingNewIsMerged() {
	inside <<-'E'
		state='{"ociVersion":"1.0.2","id":"c1","status":"creating","pid":0,"bundle":"/b","annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}}'
		echo '{"log": "info", "containers": "all"}' >/etc/ksm-hook/config.json
		hook() { printf '%s' "$state" | "$KSM_HOOK" createRuntime 2>&1; echo "hook $?"; }
		echo "control $(hook | grep -c 'reason=requested')"
		: >/etc/ksm-hook/stop
		hook
		sleep 600 &
		"$KSM_HOOK" attach $!; echo "attach $?"
		"$KSM_HOOK" run cat /proc/self/ksm_stat
		"$KSM_HOOK" metrics | grep '^ksm_hook_stopped'
		"$KSM_HOOK" status | grep merging
		"$KSM_HOOK" doctor --json | jq -r '.findings[] | select(.id == "stopped") | .level'
		stop --end
		hook | grep -c reason=requested
		"$KSM_HOOK" attach $!; echo "attach $?"
		"$KSM_HOOK" metrics | grep '^ksm_hook_stopped'
	E
	assertContains "$out" "control 1"
	assertContains "$out" "reason=host-stopped: leave alone"
	assertContains "a container that requires it starts: $out" "$out" "hook 0"
	assertContains "$out" "attach 1"
	assertContains "$out" "ksm_merge_any: no"
	assertContains "$out" "ksm_hook_stopped 1"
	assertContains "$out" "merging         stopped"
	assertContains "$out" "broken"
	assertContains "$out" "attach 0"
	assertContains "$out" "ksm_hook_stopped 0"
}

# For an agent in a pod, which sees the host's /run/ksm-hook and a ConfigMap in the place of
# /etc/ksm-hook (kubernetes/base/daemonset.yaml): either file is enough, and both go.
testTheFileThatAPodSees() {
	inside <<-'E'
		sleep 600 &
		try() {
			"$KSM_HOOK" attach $! >"$work/said" 2>&1
			echo "$1: attach $? $(grep -o 'reason=host-stopped.*(/.*)' "$work/said" | sed 's/.*(//')"
		}
		try before
		"$KSM_HOOK" detach $! >/dev/null
		stop
		ls -l /etc/ksm-hook/stop /run/ksm-hook/stop | awk '{ print $1, $3, $NF }'
		# the pod's own /etc/ksm-hook, which cannot be written to
		mkdir "$work/configmap"
		mount --bind -o ro "$work/configmap" /etc/ksm-hook
		try pod
		rm /run/ksm-hook/stop
		try gone
		"$KSM_HOOK" detach $! >/dev/null
		stop
		try "made in the pod"
		stop --end
		try "ended in the pod"
		"$KSM_HOOK" detach $! >/dev/null
		umount /etc/ksm-hook
		try "on the host"
		# and without the directory, in which nothing was yet
		umount /run/ksm-hook
		mount -t tmpfs none /run && rm -f /etc/ksm-hook/stop
		stop
		ls /etc/ksm-hook/stop /run/ksm-hook/stop
		stop --end
		ls /etc/ksm-hook /run/ksm-hook
		try "at the end"
	E
	rmdir "$work/configmap"
	assertEquals "before: attach 0 
stopped: nothing new is made mergeable
status 0
-rw-r--r-- root /etc/ksm-hook/stop
-rw-r--r-- root /run/ksm-hook/stop
pod: attach 1 /run/ksm-hook/stop)
gone: attach 0 
ksm-hook[stop]: stopped by /run/ksm-hook/stop only: /etc/ksm-hook/stop: Read-only file system
status 1
made in the pod: attach 1 /run/ksm-hook/stop)
containers that start are merged again, as the configuration says
status 0
ended in the pod: attach 0 
on the host: attach 1 /etc/ksm-hook/stop)
stopped: nothing new is made mergeable
status 0
/etc/ksm-hook/stop
/run/ksm-hook/stop
containers that start are merged again, as the configuration says
status 0
/etc/ksm-hook:

/run/ksm-hook:
at the end: attach 0 " "$out"
}

# What they do where they are not stopped: the library is added, or who requires merging is refused, as
# this process is no container's.
testPrecreateAndTheHookOfLxc() {
	inside <<-'E'
		echo '{"log": "info"}' >/etc/ksm-hook/config.json
		jq '.annotations += {"io.ksm.method": "preload", "io.ksm.required": "true"} | .process.args = ["/bin/cat"] | .root.path = "/"' \
			"$work/hooked/config.json" >"$work/spec"
		each() {
			"$KSM_HOOK" precreate --library "${KSM_HOOK%/*}/libksm_preload.so" <"$work/spec" >"$work/edited" 2>"$work/said"
			echo "$1: precreate $? $(cmp -s "$work/spec" "$work/edited" && echo same || echo changed)" \
				"$(grep -c reason=host-stopped "$work/said")"
			for moment in mount start-host; do
				env LXC_HOOK_VERSION=1 LXC_NAME=box LXC_HOOK_TYPE=$moment LXC_PID=$$ KSM_MERGE=yes KSM_REQUIRED=yes \
					"$KSM_HOOK" lxc >"$work/said" 2>&1
				echo "$1: lxc $moment $? $(grep -c reason=host-stopped "$work/said")"
			done
		}
		each control
		: >/etc/ksm-hook/stop
		each stopped
	E
	assertEquals "control: precreate 0 changed 0
control: lxc mount 1 0
control: lxc start-host 1 0
stopped: precreate 0 same 1
stopped: lxc mount 0 1
stopped: lxc start-host 0 1" "$out"
}

# Whoever watches already sees the file at his next pass, rests, and goes on when it has gone.
testARunningWatchRests() {
	inside <<-'E'
		sleep 600 &
		p=$!
		"$KSM_HOOK" attach --watch=1 $p >"$work/watch" 2>&1 &
		watch=$!
		await is yes $p
		"$KSM_HOOK" detach $p >/dev/null
		await is yes $p
		echo "control $(merged /proc/$p/ksm_stat)"
		stop --unmerge
		await grep -q reason=host-stopped "$work/watch"
		# two passes more, by what the kernel counts of its naps
		switches() { awk '/^voluntary/ { print $2 }' /proc/$watch/status; }
		_at=$(switches)
		more() { [ "$(switches)" -ge $((_at + 4)) ]; }
		await more
		echo "stopped $(merged /proc/$p/ksm_stat), said $(grep -c host-stopped "$work/watch")"
		timeout 30 "$KSM_HOOK" attach --all --watch=1
		echo "a new watch: $?"
		stop --end
		await is yes $p
		echo "again $(merged /proc/$p/ksm_stat)"
		kill $watch
		wait $watch
		echo "watch $?"
	E
	assertContains "$out" "control yes"
	assertContains "$out" "stopped no, said 1"
	assertContains "$out" "a new watch: 1"
	assertContains "$out" "again yes"
	assertContains "$out" "watch 0"
}

# Of a real runtime: by the hook, and by the wrapper, whose container was merged before.
testContainersAndSessionsOfRunc() {
	inside <<-'E'
		hooked() { runc run -b "$work/hooked" "$id" 2>&1 | merged; }
		session() { "$work/ksm-runc" exec "$id" cat /proc/self/ksm_stat 2>&1 | merged; }
		# which asks by the wrapper's name alone
		silent() { "$work/ksm-runc" run -b "$work/silent" "$id" 2>&1 | merged; }
		echo "control: hook $(hooked)"
		echo "control: silent $(silent)"
		"$work/ksm-runc" run -d -b "$work/wrapped" "$id" </dev/null >/dev/null 2>&1
		echo "control: session $(session)"
		stop
		echo "stopped: session $(session)"
		runc delete -f "$id"
		"$work/ksm-runc" run -d -b "$work/wrapped" "$id" </dev/null >/dev/null 2>&1
		echo "stopped: wrapper $(merged "/proc/$(runc state "$id" | jq .pid)/ksm_stat")"
		runc delete -f "$id"
		echo "stopped: hook $(hooked)"
		echo "stopped: silent $(silent)"
		"$KSM_HOOK" run --required cat /proc/self/ksm_stat 2>&1 | sed -n 's/^ksm_merge_any: /stopped: run /p'
		stop --end
		echo "again: hook $(hooked)"
	E
	for said in "control: hook yes" "control: silent yes" "stopped: silent no" "control: session yes" "stopped: session no" "stopped: wrapper no" \
		"stopped: hook no" "stopped: run no" "again: hook yes"; do
		assertContains "$out" "$said"
	done
}

# It is done, and what was said of it was lost.
testAFullDisk() {
	inside <<-'E'
		"$KSM_HOOK" stop >/dev/full
		echo "stop $? $(ls /etc/ksm-hook)"
		"$KSM_HOOK" stop --end >/dev/full
		echo "end $? $(ls /etc/ksm-hook)"
	E
	assertContains "$out" "stop 1 stop"
	assertContains "$out" "end 1 "
	assertEquals "$out" 2 "$(echo "$out" | grep -c 'standard output: ')"
}

testWrongUsage() {
	for words in "--end --unmerge" "--budget=10" "--unmerge --budget=0" "--unmerge --budget=101" "now"; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" stop $words >/dev/null 2>"$work/err"
		assertEquals "$words" 2 $?
		assertEquals "$words" 1 "$(wc -l <"$work/err")"
	done
	assertFalse "nothing was stopped" "[ -e /etc/ksm-hook/stop ]"
}

. "$(dirname "$0")/../lib/common.sh"
