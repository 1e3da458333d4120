#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The LXC hook under the real lxc-start: containers of root, with mapped ids and of an ordinary
# user; who asks and who does not; failures. What config.json does to them is in lxc-config.sh, pages
# that merge in lxc-merged.sh.
# needs: containers

suite_setup() {
	. "$top/tests/lib/lxc-suite.sh"
	lxc_suite_setup
}

each_setup() {
	echo '{}' >"$work/config.json"
}

# by start-host, behind LXC's own setting of the personality, with a group that is told
testSharedLayout() {
	echo '{"shared_layout": true}' >"$work/config.json"
	cat >"$work/template/layout" <<-'S'
		#!/bin/sh
		{ cat /proc/self/personality; ulimit -s; grep merge_any /proc/self/ksm_stat; } >/tmp/out
		until [ -e /tmp/end ]; do sleep 0.05; done
		echo end >>/tmp/out
	S
	chmod 755 "$work/template/layout"
	_init='lxc.init.cmd = /layout'
	_hook="lxc.hook.start-host = $KSM_HOOK lxc --config $work/config.json"
	_end="lxc.hook.post-stop = $KSM_HOOK lxc --config $work/config.json"
	for kind in privileged idmapped; do
		for _n in 1 2; do
			lxc_make "shared$_n" $kind "$_init" "lxc.arch = linux64" "$_hook" "$_end" \
				"lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_LAYOUT=shared" \
				"lxc.environment = KSM_GROUP=lxctest"
		done
		: >"$work/roots/shared2/tmp/end"
		start shared1 >"$work/one" 2>&1 &
		_has_limit() { [ -e "$work/roots/shared1/tmp/out" ] && [ "$(wc -l <"$work/roots/shared1/tmp/out")" -ge 3 ]; }
		wait_for 10 _has_limit
		_one=$(sed -n 2p "$work/roots/shared1/tmp/out")
		start shared2
		: >"$work/roots/shared1/tmp/end"
		assertEquals "$kind: $out $said" 00040000 "$(echo "$out" | sed -n 1p)"
		assertContains "$kind: $out" "$out" "merge_any: yes"
		assertEquals "$kind: the same limit" "$_one" "$(echo "$out" | sed -n 2p)"
		assertTrue "$kind: $_one" "[ $_one -ge 131072 ]"
		wait
		assertFalse "$kind: forgotten" "[ -e /run/ksm-hook/groups/group%3Alxctest ]"
	done
	lxc_make own privileged "$_init" "$_hook" "lxc.prlimit.stack = 16777216:unlimited" \
		"lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_LAYOUT=shared" \
		"lxc.environment = KSM_GROUP=lxctest"
	: >"$work/roots/own/tmp/end"
	start own
	assertEquals "a limit of its own: $out" "00000000 16384 ksm_merge_any: yes end " "$(echo "$out" | tr '\n' ' ')"
	assertContains "$said" "$said" " reason=layout-limit-stack: "
	lxc_make nogroup privileged "$_init" "$_hook" \
		"lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_LAYOUT=shared"
	: >"$work/roots/nogroup/tmp/end"
	start nogroup
	assertContains "$said" "$said" " reason=layout-group-unknown: "
	assertEquals "no group: $out" 00000000 "$(echo "$out" | sed -n 1p)"
}

testOptedIn() {
	for kind in $kinds; do
		for version in 0 1; do
			lxc_make "in-$kind" $kind "lxc.hook.version = $version" \
				"lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_REQUIRED=yes" \
				"lxc.cap.drop = sys_admin sys_ptrace" "lxc.no_new_privs = 1"
			start "in-$kind"
			assert_all_merged "$kind, version $version"
			assertEquals "nothing to say" "" "$(echo "$said" | grep ksm-hook)"
			# the confinement is what it would have been
			assertContains "$kind: $out" "$out" "Seccomp:	2"
			assertContains "$kind: $out" "$out" "NoNewPrivs:	1"
			bounding=$(echo "$out" | sed -n 's/^CapBnd:[^0-9a-f]*//p')
			assertEquals "$kind: sys_admin, sys_ptrace: $bounding" 0 $((0x$bounding & 1 << 21 | 0x$bounding & 1 << 19))
		done
	done
}

# the hook's helpers are not left to a PID 1 that may never wait for children
testNothingForPid1ToBury() {
	for _ in 1 2 3 4 5; do
		lxc_make bury privileged "lxc.environment = KSM_MERGE=yes" "lxc.init.cmd = /bin/sleep 60"
		lxc_start bury -d
		pid=$(lxc_pid bury)
		wait_for 30 grep -q sleep "/proc/$pid/comm"
		assertContains "$(cat "/proc/$pid/ksm_stat")" "ksm_merge_any: yes"
		assertEquals "children of PID 1" "" "$(cat "/proc/$pid/task/$pid/children")"
		lxc_stop bury
	done
}

testDidNotAsk() {
	for kind in $kinds; do
		lxc_make "out-$kind" $kind
		start "out-$kind"
		assert_none_merged $kind
		assertEquals "nothing to say" "" "$(echo "$said" | grep ksm-hook)"
	done
}

# start_host NAME KIND [LINE...]
start_host() {
	_n=$1 _k=$2
	shift 2
	lxc_make "$_n" "$_k" "lxc.hook.mount =" \
		"lxc.hook.start-host = $KSM_HOOK lxc --config $work/config.json" "$@"
	start "$_n"
}

testStartHost() {
	for version in 0 1; do
		for kind in privileged idmapped; do
			start_host host $kind "lxc.hook.version = $version" \
				"lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_REQUIRED=yes"
			assert_all_merged "$kind, version $version"
		done
	done
	start_host host privileged
	assert_none_merged "did not ask"
	start_host host privileged "lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_MERGE=no"
	assert_none_merged "the last line counts"
	start_host host privileged "lxc.environment = KSM_MERGE=yes" "lxc.namespace.keep = pid user" \
		"lxc.init.cmd = /bin/grep -q any:.yes /proc/self/ksm_stat"
	assertEquals "in a shared pid namespace: $said" 0 $rc
}

# an ordinary user cannot suspend seccomp, which is loaded by then
testStartHostOfUser() {
	start_host host user "lxc.environment = KSM_MERGE=yes" "lxc.seccomp.profile ="
	assert_all_merged "without a seccomp profile"
	start_host host user "lxc.environment = KSM_MERGE=yes"
	assert_none_merged "with one"
	assertContains "$said" "$said" " reason=target-seccomp: "
	assertContains "$said" "$said" "register lxc.hook.mount instead"
	start_host host user "lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_REQUIRED=yes"
	assert_refused "with one, required"
}

testOtherHooksAreRefusedWithAdvice() {
	lxc_make wrong privileged "lxc.hook.mount =" "lxc.environment = KSM_MERGE=yes" \
		"lxc.hook.pre-start = $KSM_HOOK lxc --config $work/config.json"
	start wrong
	assert_none_merged pre-start
	assertContains "$said" "$said" " reason=hook-misplaced: not made mergeable: called for \"pre-start\""
}

# the hook acts on nothing but what LXC is starting
testNotCalledByLxc() {
	said=$(KSM_MERGE=yes "$KSM_HOOK" lxc web lxc mount 2>&1)
	assertEquals "open: $said" 0 $?
	assertContains "$said" "$said" "id=web"
	assertContains "$said" "$said" " reason=hook-misplaced: "
	said=$(KSM_MERGE=yes unshare -pf --mount-proc sh -c "$KSM_HOOK lxc web lxc mount
		grep any /proc/1/ksm_stat" 2>&1)
	assertContains "$said" "$said" " reason=hook-misplaced: "
	assertContains "$said" "$said" "ksm_merge_any: no"
	sleep 5 &
	said=$(KSM_MERGE=yes LXC_PID=1 "$KSM_HOOK" lxc web lxc start-host 2>&1)
	assertContains "$said" "$said" " reason=init-foreign: "
	said=$(KSM_MERGE=yes LXC_PID=x "$KSM_HOOK" lxc web lxc start-host 2>&1)
	assertContains "$said" "$said" " reason=init-missing: "
	kill $!
	said=$("$KSM_HOOK" lxc --help)
	assertContains "$said" "$said" "usage: ksm-hook lxc"
}

testLxcConfigIsReadWithinBounds() {
	mkfifo "$work/fifo"
	said=$(LXC_CONFIG_FILE=$work/fifo timeout 5 "$KSM_HOOK" lxc web lxc start-host 2>&1)
	assertContains "$said" "$said" "not a regular file"
	head -c 300000 /dev/zero >"$work/large"
	said=$(LXC_CONFIG_FILE=$work/large "$KSM_HOOK" lxc web lxc start-host 2>&1)
	assertContains "$said" "$said" "longer than 262144 bytes"
	said=$(LXC_CONFIG_FILE=$work/none "$KSM_HOOK" lxc web lxc start-host 2>&1)
	assertContains "$said" "$said" "No such file or directory"
}

# LXC in the background drops what a hook says: it is in syslog
testSyslog() {
	lxc_make logged idmapped "lxc.environment = KSM_MERGE=perhaps" "lxc.init.cmd = /bin/true"
	mkdir -p "$work/dev/up" "$work/dev/work" "$work/dev/pts"
	cat >"$work/logged" <<-S
		set -e
		mount --bind /dev/pts "$work/dev/pts"
		mount -t overlay overlay -o "lowerdir=/dev,upperdir=$work/dev/up,workdir=$work/dev/work" /dev
		mount --bind "$work/dev/pts" /dev/pts
		rm -f /dev/log
		perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un("/dev/log")) or die;
			chmod(0666, "/dev/log"); alarm(10); recv(S, \$line, 4096, 0); print "\$line\n"' &
		while [ ! -S /dev/log ]; do sleep 0.05; done
		lxc-start -P "$work/lxc" -n logged -f "$work/conf/logged" -d
		wait \$!
	S
	said=$(lxc_host timeout 20 sh "$work/logged" 2>&1 </dev/null)
	# its monitor takes the cgroups away after the container's end, but for one that is busy just then
	wait_for 30 sh -c 'rmdir /sys/fs/cgroup/*/lxc.monitor.logged* 2>/dev/null
		! ls -d /sys/fs/cgroup/*/lxc.monitor.logged* >/dev/null 2>&1'
	assertContains "$said" "$said" "ksm-hook["
	assertContains "$said" "$said" "[lxc] id=logged"
	assertContains "$said" "$said" 'invalid value KSM_MERGE="perhaps"'
}

# no process, no parsing: what is left is the exec
testWhoDidNotAskPaysForTheExecOnly() {
	# on the root directory's file system, as /etc is: another one may be a server's, which is
	# not waited for
	_config=/etc/ksm-hook-test-$$.json
	echo '{"log": "warning"}' >$_config
	strace -f -o "$work/trace" "$KSM_HOOK" lxc --config $_config web lxc mount
	assertEquals 0 $?
	rm $_config
	assertEquals "$(cat "$work/trace")" 0 "$(grep -cE 'fork|clone|ptrace|seccomp' "$work/trace")"
	calls=$(wc -l <"$work/trace")
	assertTrue "$calls system calls: $(cat "$work/trace")" "[ $calls -le 30 ]"
}

suite_teardown() {
	lxc_stop bury
	lxc_suite_teardown
}

. "$(dirname "$0")/../lib/common.sh"
