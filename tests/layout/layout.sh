#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers that share a layout: who does, that it is the same within a group and another in
# the next, its secrets, and what programs of every kind make of it.
# needs: containers

group() { echo "{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"$1\"}"; }
groups=/run/ksm-hook/groups

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root" /usr/bin/perl
	rootfs_add "$root" /usr/bin/env
	for _kind in dynamic static nopie bits32 musl go; do
		cp "$BUILD/kinds/$_kind/probe" "$root/bin/$_kind"
	done
	rootfs_add "$root" "$BUILD/kinds/dynamic/probe"
	cp -L "/lib/ld-musl-$(uname -m).so.1" "$root/lib/"
	cp "$root/bin/static" "$root/bin/setuid"
	chmod 4755 "$root/bin/setuid"
	hooks=$(hooks_json createRuntime poststop)
	had_groups=$([ -d $groups ] && echo yes)
}

suite_teardown() {
	for _id in $(runc list -q | grep "^ksmlayout-$$"); do runc delete -f "$_id"; done
	[ "$had_groups" = yes ] || rmdir $groups /run/ksm-hook 2>/dev/null
	true
}

each_setup() {
	echo '{"shared_layout": true, "log": "debug"}' >"$work/config.json"
}

# make ANNOTATIONS [JQ] COMMAND...: a bundle; JQ is what starts with a dot
make() {
	_a=$1 _jq=.
	shift
	case $1 in .*) _jq=$1 && shift ;; esac
	bundle_make "$work/bundle" "$root" "$hooks" "$_a" "$@"
	jq "$_jq" "$work/bundle/config.json" >"$work/c.json" && mv "$work/c.json" "$work/bundle/config.json"
}

# start ANNOTATIONS [JQ] COMMAND...: its output in $out
start() {
	make "$@"
	case ${runtime:-runc} in
	runc) out=$(runc run -b "$work/bundle" "ksmlayout-$$" 2>&1) ;;
	crun) out=$(crun_run run -b "$work/bundle" "ksmlayout-$$" 2>&1) ;;
	esac
}

# what there is of the groups of this suite
left() {
	for _g in one two many x; do
		[ ! -e "$groups/group%3A$_g" ] || echo "$_g"
	done
}

value() { echo "$out" | sed -n "s/^$1 //p"; }

assert_private() {
	assertEquals "$1: $out" 0 "$(value personality)"
	assertEquals "$1: no group" "" "$(left)"
}

# the control of tests in which there is none: with all as usual a layout is shared
assert_shares() {
	start "$(group one)" /bin/static
	assertEquals "with all as usual: $out" 40000 "$(value personality)"
}

# keep a member of the group alive, so that its secrets stay
hold() {
	make "$(group "$1")" /bin/sleep 60
	runc run -d -b "$work/bundle" "ksmlayout-$$-$1" >/dev/null 2>&1 </dev/null
}

release() { runc delete -f "ksmlayout-$$-$1"; }

same_in_a_group() {
	hold one
	start "$(group one)" /bin/dynamic
	assertEquals "$runtime: $out" 40000 "$(value personality)"
	_first=$out _limit=$(value limit)
	start "$(group one)" /bin/dynamic
	assertEquals "$runtime: the same within a group" "$_first" "$out"
	start "$(group one)" /bin/cat /proc/self/ksm_stat
	assertContains "$runtime: and merged: $out" "$out" "ksm_merge_any: yes"
	hold two
	start "$(group two)" /bin/dynamic
	assertNotEquals "$runtime: another limit" "$_limit" "$(value limit)"
	assertNotEquals "$runtime: mappings elsewhere" "$(echo "$_first" | grep mapping)" "$(echo "$out" | grep mapping)"
	assertEquals "$runtime: the program is where everybody knows" \
		"$(echo "$_first" | grep program)" "$(echo "$out" | grep program)"
	release one
	release two
}

testSameInAGroupRunc() { runtime=runc same_in_a_group; }
testSameInAGroupCrun() { runtime=crun same_in_a_group; }

testNothingWithoutTheAdministrator() {
	echo '{"log": "info"}' >"$work/config.json"
	start "$(group one)" /bin/static
	assert_private "not allowed"
	assertTrue "its limit is what it was: $out" "[ $(value limit) -lt 134217728 ]"
	echo '{"shared_layout": true, "deny_groups": ["group:o*"]}' >"$work/config.json"
	start "$(group one)" /bin/static
	assert_private "denied"
	echo '{"shared_layout": true, "allow_groups": ["group:t*"]}' >"$work/config.json"
	start "$(group one)" /bin/static
	assert_private "not in the list"
	start "$(group two)" /bin/static
	assertEquals "allowed: $out" 40000 "$(value personality)"
}

testNotAsked() {
	assert_shares
	for _a in '{}' '{"io.ksm.merge":"true"}' '{"io.ksm.merge":"true","io.ksm.layout":"private"}' \
		'{"io.ksm.layout":"shared","io.ksm.group":"x"}' \
		'{"io.ksm.merge":"true","io.ksm.layout":"shared"}'; do
		start "$_a" /bin/static
		assert_private "$_a"
	done
}

# calls CONFIG ANNOTATIONS: how often the hook enters the kernel
calls() {
	echo "$1" >"$work/config.json"
	echo "{\"id\":\"x\",\"pid\":$_pid,\"annotations\":$2}" |
		traced_beside "$work/trace" "$KSM_HOOK" createRuntime --config "$work/config.json" 2>/dev/null
	# once where it began: one that another process's came into has a second line
	grep -cE '^[0-9]+ +[a-z0-9_]+\(' "$work/trace"
}

# a container that did not ask for anything costs not one system call more where layouts are
# shared; and one that is merged, where they are not
testNoSystemCallMore() {
	sleep 60 &
	_pid=$!
	_n=$(calls '{}' '{}')
	assertTrue "traced: $_n" "[ $_n -gt 5 ]"
	assertEquals "not asked" "$_n" "$(calls '{"shared_layout": true}' '{}')"
	for _config in '{}' '{"shared_layout": true}'; do
		calls "$_config" '{"io.ksm.merge":"true"}' >/dev/null
		[ "$_config" != '{}' ] || assertEquals "$_config" 0 "$(grep -c uid_map "$work/trace")"
		assertEquals "$_config" 0 "$(grep -cE 'personality|prlimit64\([1-9]|groups|overcommit' "$work/trace")"
		assertEquals "control: $_config: merged" 1 "$(grep -c 'ksm_merge_any: yes' "/proc/$_pid/ksm_stat")"
		"$KSM_HOOK" detach "$_pid" >/dev/null 2>&1
	done
	kill $_pid
}

testSecretsAreRootsAndNowhereElse() {
	hold one
	assertEquals "700 0" "$(stat -c '%a %u' $groups)"
	assertEquals "600 0" "$(stat -c '%a %u' $groups/group%3Aone)"
	read -r _stack _python _perl _v8 <"$groups/group%3Aone"
	make "$(group one)" /bin/true
	out=$(runc --debug run -b "$work/bundle" "ksmlayout-$$" 2>&1)
	_state='{"id":"y","pid":1,"annotations":'$(group one)'}'
	out="$out$(echo "$_state" | "$KSM_HOOK" createRuntime --config "$work/config.json" 2>&1)"
	for _secret in "$_stack" "$_python" "$_perl" "$_v8"; do
		assertNotContains "not said" "$out" "$_secret"
	done
	assertTrue "a limit of whole pages: $_stack" "[ $((_stack % $(getconf PAGESIZE))) -eq 0 -a $_stack -ge 134217728 -a $_stack -lt 1207959552 ]"
	release one
}

testWhoLooksSeesTheGroup() {
	hold one
	_id=ksmlayout-$$-one
	assertEquals "group:one" "$("$KSM_HOOK" ps | awk -v id="$_id" '$2 == id { print $NF }')"
	assertEquals "group:one" "$("$KSM_HOOK" ps --json | jq -r --arg id "$_id" '.[] | select(.id == $id).group')"
	assertEquals "runc:$_id shares the address-space layout of group:one" \
		"$("$KSM_HOOK" doctor --json | jq -r --arg id "$_id" '.. | objects | select(.id == "container-layout").what | select(contains($id))')"
	release one
	# other suites' may be there
	assertNotContains "$("$KSM_HOOK" doctor)" "$_id shares"
	assertNotContains "$("$KSM_HOOK" ps)" "$_id"
}

testForgottenByTheLastOne() {
	hold one
	start "$(group one)" /bin/true
	assertTrue "a member is left" "[ -e $groups/group%3Aone ]"
	release one
	assertFalse "the last one took it along" "[ -e $groups/group%3Aone ]"
}

# without poststop, and killed: the next start of any group forgets it
testStaleMembers() {
	hooks=$(hooks_json createRuntime)
	hold one
	kill -9 "$(runc state "ksmlayout-$$-one" | jq .pid)"
	assertTrue "left behind" "[ -e $groups/group%3Aone ]"
	_gone() { [ "$(runc state "ksmlayout-$$-one" | jq -r .status)" = stopped ]; }
	wait_for 30 _gone
	hooks=$(hooks_json createRuntime poststop)
	start "$(group two)" /bin/true
	assertEquals "nothing is left" "" "$(left)"
	release one
}

testConcurrentStarts() {
	for _i in 1 2 3 4 5 6 7 8; do
		make "$(group many)" /bin/sh -c 'ulimit -s; sleep 3'
		mv "$work/bundle" "$work/bundle$_i"
	done
	for _i in 1 2 3 4 5 6 7 8; do
		runc run -b "$work/bundle$_i" "ksmlayout-$$-$_i" >"$work/out$_i" 2>&1 </dev/null &
		_pids="${_pids:-} $!"
	done
	# shellcheck disable=SC2086 # a list of numbers
	wait $_pids
	out=$(cat "$work"/out[1-8] | sort | uniq -c | sed 's/^ *//')
	assertEquals "eight times the same: $out" 8 "${out%% *}"
	assertEquals "one line: $out" 1 "$(echo "$out" | wc -l)"
	assertTrue "a group's: $out" "[ ${out##* } -ge 131072 ]"
	assertEquals "" "$(left)"
}

# in its layout everybody could tell where things are, so it gets none
testLimitsOfItsOwn() {
	for runtime in runc crun; do
		for _l in RLIMIT_STACK RLIMIT_AS; do
			start "$(group one)" ".process.rlimits = [{type: \"$_l\", soft: 17179869184, hard: 17179869184}]" /bin/static
			assert_private "$runtime $_l"
		done
	done
	runtime=runc
	for _l in unlimited 8388608:8388608 2147483648:unlimited; do
		make "$(group one)" /bin/static
		out=$(prlimit --stack=$_l runc run -b "$work/bundle" "ksmlayout-$$" 2>&1)
		assert_private "inherited $_l"
		[ $_l != unlimited ] || assertEquals "$out" 18446744073709551615 "$(value limit)"
	done
	make "$(group one)" /bin/static
	out=$(prlimit --as=17179869184:17179869184 runc run -b "$work/bundle" "ksmlayout-$$" 2>&1)
	assert_private "inherited address space"
}

# each thread's stack would count there
testStrictOvercommit() {
	assert_shares
	echo 2 >"$work/mode"
	make "$(group one)" /bin/static
	out=$(unshare -m sh -c 'mount --bind "$0" /proc/sys/vm/overcommit_memory && exec "$@"' "$work/mode" \
		runc run -b "$work/bundle" "ksmlayout-$$" 2>&1)
	assert_private "overcommit_memory=2"
}

testPersonalityOfItsOwn() {
	assert_shares
	start "$(group one)" '.linux.personality = {domain: "LINUX32"}' /bin/static
	assertNotEquals "$out" 40000 "$(value personality)"
	assertEquals "no group" "" "$(left)"
}

testSetuidProgramsDropIt() {
	start "$(group one)" '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = false' /bin/static
	assertEquals "$out" 40000 "$(value personality)"
	start "$(group one)" '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = false' /bin/setuid
	assertEquals "$out" "1000 0" "$(value uid)"
	assertEquals "$out" 0 "$(value personality)"
}

testUserNamespace() {
	_jq='.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	start "$(group one)" "$_jq" /bin/static
	assertEquals "$out" 40000 "$(value personality)"
	assertTrue "$out" "[ $(value limit) -ge 134217728 ]"
}

testProgramsOfEveryKind() {
	hold one
	for _program in dynamic static nopie musl bits32; do
		start "$(group one)" /bin/$_program
		assertEquals "$_program: $out" 40000 "$(value personality | cut -c1-5)"
		_first=$out
		start "$(group one)" /bin/$_program
		assertEquals "$_program: the same" "$_first" "$out"
		start "$(group one)" /bin/$_program deep 4000000
		assertEquals "$_program" deep "$out"
	done
	release one
}

# 2000 threads of glibc take 2000 times the limit of address space, and no memory for it
testThreads() {
	assert_shares
	for _program in dynamic static musl; do
		start "$(group one)" '.linux.resources.pids.limit = 4096 | .linux.resources.memory.limit = 134217728' \
			/bin/$_program threads 2000
		assertEquals "$_program" "2000 threads" "$out"
	done
	start "$(group one)" /bin/go
	assertEquals "200 threads" "$out"
}

# what docs/shared-layout.md says of 32-bit programs
testThreadsOf32Bits() {
	assert_shares
	start "$(group one)" /bin/bits32 threads 2
	assertEquals "2 threads" "$out"
}

# its children have the layout that goes with the new limit; nothing breaks
testAProgramThatSetsItsOwnLimit() {
	start "$(group one)" /bin/static limit 8388608 /bin/static
	assertEquals "$out" 8388608 "$(value limit)"
	assertEquals "$out" 40000 "$(value personality)"
}

testShellShowsTheLimit() {
	hold one
	start "$(group one)" /bin/sh -c 'ulimit -s'
	read -r _stack _ <"$groups/group%3Aone"
	assertEquals $((_stack / 1024)) "$out"
	release one
}

# a container that ended with `run` has not been deleted by anybody
forget() {
	wrapper delete "ksmlayout-$$" 2>/dev/null
	true
}

wrapper() { "$KSM_HOOK" runtime --config "$work/config.json" "$@"; }

testWrapperGivesSeedsAndSessions() {
	hooks='{}' make "$(group one)" /bin/sh -c 'exec sleep 60'
	wrapper run -d -b "$work/bundle" "ksmlayout-$$-w" >/dev/null 2>&1 </dev/null
	read -r _stack _python _perl _v8 <"$groups/group%3Aone"
	_pid=$(runc state "ksmlayout-$$-w" | jq .pid)
	out=$(tr '\0' '\n' <"/proc/$_pid/environ")
	assertContains "$out" "$out" "PYTHONHASHSEED=$_python"
	assertContains "$out" "$out" "PERL_HASH_SEED=$_perl"
	assertContains "$out" "$out" "PERL_PERTURB_KEYS=0"
	assertEquals 00040000 "$(cat "/proc/$_pid/personality")"
	out=$(wrapper exec "ksmlayout-$$-w" /bin/static 2>/dev/null)
	assertEquals "session: $out" 40000 "$(value personality)"
	assertEquals "session: $out" "$_stack" "$(value limit)"
	# a session that does not come through the wrapper has a layout of its own
	out=$(runc exec "ksmlayout-$$-w" /bin/static)
	assertEquals "$out" 0 "$(value personality)"
	runc kill "ksmlayout-$$-w" KILL
	_stopped() { [ "$(runc state "ksmlayout-$$-w" | jq -r .status)" = stopped ]; }
	wait_for 30 _stopped
	wrapper delete "ksmlayout-$$-w" 2>/dev/null
	assertEquals "forgotten" "" "$(left)"
}

testTheImagesOwnSeedsStay() {
	hooks='{}' make "$(group one)" '.process.env += ["PYTHONHASHSEED=7","PERL_HASH_SEED=0"]' /usr/bin/env
	out=$(wrapper run -b "$work/bundle" "ksmlayout-$$" 2>/dev/null)
	assertEquals "$out" "PYTHONHASHSEED=7 PERL_HASH_SEED=0 " "$(echo "$out" | grep -E 'HASH|PERTURB' | tr '\n' ' ')"
	forget
}

testPrecreateAddsSeeds() {
	make "$(group one)" '.linux.cgroupsPath = "/x/libpod-ksmlayout"' /bin/true
	"$KSM_HOOK" precreate --config "$work/config.json" <"$work/bundle/config.json" >"$work/new.json" 2>/dev/null
	assertEquals 0 $?
	read -r _stack _python _perl _v8 <"$groups/group%3Aone"
	assertEquals "[\"PYTHONHASHSEED=$_python\",\"PERL_HASH_SEED=$_perl\",\"PERL_PERTURB_KEYS=0\"]" \
		"$(jq -c .process.env[-3:] "$work/new.json")"
	# and nothing else
	assertEquals "$(jq -S 'del(.process.env)' "$work/bundle/config.json")" "$(jq -S 'del(.process.env)' "$work/new.json")"
	echo '{"id":"ksmlayout","pid":0,"annotations":'"$(group one)"'}' |
		"$KSM_HOOK" poststop --config "$work/config.json" 2>/dev/null
	assertEquals "poststop of one that never started" "" "$(left)"
}

# the order in which perl keeps a hash: by the seed, and else another in each process
testSeedsMakeEqualContents() {
	_keys='print join ",", keys %{{map { $_ => 1 } 1 .. 50}}'
	hold one
	for _i in 1 2; do
		hooks='{}' make "$(group one)" /usr/bin/perl -e "$_keys"
		out=$(wrapper run -b "$work/bundle" "ksmlayout-$$" 2>/dev/null)
		[ $_i = 1 ] && _first=$out
	done
	assertEquals "$_first" "$out"
	assertEquals "$out" 50 "$(echo "$out" | tr ',' '\n' | wc -l)"
	release one
	forget
}

. "$(dirname "$0")/../lib/common.sh"
