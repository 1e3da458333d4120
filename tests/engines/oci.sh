#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job under real runc and crun: annotated containers are mergeable, others are not,
# whatever program they run.
# needs: containers

merge='{"io.ksm.merge":"true"}'

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root" /usr/bin/perl
	hooks=$(hooks_json createRuntime)
	for _kind in dynamic static musl go; do
		cp "$BUILD/kinds/$_kind/report" "$root/bin/$_kind"
	done
	rootfs_add "$root" "$BUILD/kinds/dynamic/report"
	cp -L "/lib/ld-musl-$(uname -m).so.1" "$root/lib/"
	echo '{"log": "info"}' >"$work/config.json"
}

# start RUNTIME ANNOTATIONS COMMAND...: run in a fresh container; its output in $out
start() {
	_runtime=$1 _a=$2
	shift 2
	bundle_make "$work/bundle" "$root" "$hooks" "$_a" "$@"
	case $_runtime in
	runc) out=$(runc run -b "$work/bundle" "ksmtest-$$" 2>&1) ;;
	crun) out=$(crun_run run -b "$work/bundle" "ksmtest-$$" 2>&1) ;;
	esac
}

is_mergeable() {
	echo "$out" | grep -q '^ksm_merge_any: yes' && echo "$out" | grep -q '^ksm_mergeable: yes'
}

each_program() {
	for _program in dynamic static musl go; do
		start "$1" "$merge" /bin/$_program
		assertEquals "$1 $_program: $out" 0 $?
		is_mergeable
		assertTrue "$1 $_program is mergeable: $out" $?
	done
}

testRuncEveryKindOfProgram() { each_program runc; }
testCrunEveryKindOfProgram() { each_program crun; }

testChildrenAreMergeable() {
	start runc "$merge" /bin/sh -c '/bin/sh -c "(cat /proc/self/ksm_stat)"; true'
	is_mergeable
	assertTrue "grandchild: $out" $?
}

testPrestartDoesTheSame() {
	hooks=$(hooks_json prestart)
	start runc "$merge" /bin/static
	is_mergeable
	assertTrue "$out" $?
	hooks=$(hooks_json createRuntime)
}

testNotAskedIsLeftAlone() {
	for _runtime in runc crun; do
		for _a in '{}' '{"io.ksm.merge":"false"}' '{"other":"true"}'; do
			start $_runtime "$_a" /bin/static
			assertContains "$_runtime $_a" "$out" "ksm_merge_any: no"
		done
	done
}

testUnknownValueIsReported() {
	bundle_make "$work/bundle" "$root" "$hooks" '{"io.ksm.merge":"yes"}' /bin/static
	# a runtime shows a hook's stderr on failure only: call the hook as it would
	sleep 60 &
	_pid=$!
	out=$(echo "{\"id\":\"x\",\"pid\":$_pid,\"annotations\":{\"io.ksm.merge\":\"yes\"}}" |
		"$KSM_HOOK" createRuntime 2>&1)
	assertEquals 0 $?
	kill $_pid
	assertContains "$out" "$out" 'io.ksm.merge="yes"'
	assertContains "$out" "$out" 'expected one of true, false; ignored'
}

testConfigAll() {
	echo '{"containers": "all"}' >"$work/config.json"
	start runc '{}' /bin/static
	is_mergeable
	assertTrue "all: $out" $?
	start runc '{"io.ksm.merge":"false"}' /bin/static
	assertContains "$out" "ksm_merge_any: no"
	echo '{}' >"$work/config.json"
}

testConfigDeny() {
	echo '{"deny": [{"annotation": "team", "match": "pay*"}]}' >"$work/config.json"
	start runc '{"io.ksm.merge":"true","team":"payments"}' /bin/static
	assertContains "$out" "ksm_merge_any: no"
	start runc '{"io.ksm.merge":"true","team":"web"}' /bin/static
	is_mergeable
	assertTrue "other team: $out" $?
	echo '{}' >"$work/config.json"
}

testUserNamespace() {
	bundle_make "$work/bundle" "$root" "$hooks" "$merge" /bin/static
	jq '.linux.namespaces += [{type: "user"}] |
	    .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
	    .linux.gidMappings = .linux.uidMappings' "$work/bundle/config.json" >"$work/c.json"
	mv "$work/c.json" "$work/bundle/config.json"
	out=$(runc run -b "$work/bundle" "ksmtest-$$" 2>&1)
	is_mergeable
	assertTrue "$out" $?
}

testHostPidNamespace() {
	bundle_make "$work/bundle" "$root" "$hooks" "$merge" /bin/static
	jq '.linux.namespaces |= map(select(.type != "pid"))' "$work/bundle/config.json" >"$work/c.json"
	mv "$work/c.json" "$work/bundle/config.json"
	out=$(runc run -b "$work/bundle" "ksmtest-$$" 2>&1)
	is_mergeable
	assertTrue "$out" $?
}

# what a seccomp profile says about prctl is of no concern at this stage
testSeccompProfileThatKillsPrctl() {
	bundle_make "$work/bundle" "$root" "$hooks" "$merge" /bin/static
	jq '.process.noNewPrivileges = true | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
	     syscalls: [{names: ["prctl"], action: "SCMP_ACT_KILL_PROCESS",
	       args: [{index: 0, value: 67, op: "SCMP_CMP_EQ"}]}]}' \
		"$work/bundle/config.json" >"$work/c.json"
	mv "$work/c.json" "$work/bundle/config.json"
	out=$(runc run -b "$work/bundle" "ksmtest-$$" 2>&1)
	is_mergeable
	assertTrue "$out" $?
}

# poststart finds a process that lost mergeability, and restores it
testPoststartRepairs() {
	bundle_make "$work/bundle" "$root" '{}' "$merge" /bin/sh -c 'sleep 60 & sleep 60'
	runc run -d -b "$work/bundle" "ksmtest-$$" >/dev/null 2>&1 </dev/null
	_pid=$(runc state "ksmtest-$$" | jq .pid)
	_has_child() { [ -n "$(cat "/proc/$_pid/task/$_pid/children")" ]; }
	wait_for 30 _has_child
	assertContains "$(cat "/proc/$_pid/ksm_stat")" "ksm_merge_any: no"
	echo '{"log": "info"}' >"$work/config.json"
	out=$(runc state "ksmtest-$$" | "$KSM_HOOK" poststart --config "$work/config.json" 2>&1)
	assertEquals "$out" 0 $?
	for _p in $_pid $(cat "/proc/$_pid/task/$_pid/children"); do
		assertContains "process $_p" "$(cat "/proc/$_p/ksm_stat")" "ksm_merge_any: yes"
	done
	assertContains "$out" "$out" "2 processes had lost mergeability"
	out=$(runc state "ksmtest-$$" | "$KSM_HOOK" poststart --config "$work/config.json" 2>&1)
	assertNotContains "twice: $out" "$out" "had lost mergeability"
	echo '{}' >"$work/config.json"
	runc delete -f "ksmtest-$$"
}

# /run is this test's own, and so is all that is left in it
testAllStagesTogetherLeaveNothingBehind() {
	hooks=$(hooks_json createRuntime poststart poststop)
	bundle_make "$work/bundle" "$root" "$hooks" "$merge" /bin/static
	out=$(unshare -m sh -c 'mount -t tmpfs tmpfs /run && runc run -b "$1" "$2" && find /run ! -type d' \
		sh "$work/bundle" "ksmtest-$$" 2>&1)
	assertEquals "$out" 0 $?
	is_mergeable
	assertTrue "$out" $?
	assertEquals "left in /run" "" "$(echo "$out" | grep ^/run)"
	assertEquals "left elsewhere" "" "$(find /tmp /var/tmp /dev/shm -name "*ksmtest-$$*" ! -path "$work/*" 2>/dev/null)"
	hooks=$(hooks_json createRuntime)
}

# a process that has ended and is not reaped has no memory that could be merged
testPsLeavesZombiesOut() {
	bundle_make "$work/bundle" "$root" "$hooks" "$merge" /usr/bin/perl -e \
		'unless (fork) { exit } sleep 60'
	runc run -d -b "$work/bundle" "ksmtest-$$" >/dev/null 2>&1 </dev/null
	_pid=$(runc state "ksmtest-$$" | jq .pid)
	_zombie() { ps -o stat= --ppid "$_pid" | grep -q Z; }
	wait_for 30 _zombie
	assertTrue "there is a zombie" $?
	out=$("$KSM_HOOK" ps --json | jq -c ".[] | select(.id == \"ksmtest-$$\") | [.processes, .mergeable]")
	assertEquals '[1,true]' "$out"
	runc delete -f "ksmtest-$$"
}

testRequiredRefusesTheContainer() {
	# a target that is not the runtime's: the one failure that can be made at will
	sleep 60 &
	_pid=$!
	out=$(echo "{\"id\":\"x\",\"pid\":1,\"annotations\":{\"io.ksm.merge\":\"true\",\"io.ksm.required\":\"true\"}}" |
		"$KSM_HOOK" createRuntime 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "required"
	out=$(echo "{\"id\":\"x\",\"pid\":1,\"annotations\":{\"io.ksm.merge\":\"true\"}}" |
		"$KSM_HOOK" createRuntime 2>&1)
	assertEquals "$out" 0 $?
	kill $_pid
}

# Every start of every container pays for it.
testWhatAStartThatDidNotAskCosts() {
	_most=5
	echo '{"id":"x","pid":1,"annotations":{"org.example":"true"}}' >"$work/state"
	strace -o "$work/trace" "$KSM_HOOK" createRuntime <"$work/state"
	assertEquals 0 $?
	# a configuration is looked for in no more places than there are; suites beside this one have one
	! grep -q '("/etc/ksm-hook", .* = 0' "$work/trace" || _most=14
	# what follows the state
	sed '1,/^read(0, "{/d; /^+++/d' "$work/trace" >"$work/calls"
	assertTrue "it was traced: $(cat "$work/trace")" "grep -q ksm-hook/config.json '$work/calls'"
	assertTrue "at most $_most: $(cat "$work/calls")" "[ $(wc -l <"$work/calls") -le $_most ]"
}

suite_teardown() {
	for _id in $(runc list -q | grep "^ksmtest-$$"); do runc delete -f "$_id"; done
}

. "$(dirname "$0")/../lib/common.sh"
