#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --way=exec: containers that make themselves mergeable, and an agent without any right,
# before a stand-in for the runtime that starts containers of runc as the agent has changed them
# (lib/fakes/nri-create). engines/nri has real runtimes, of NRI before 0.10.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root" /bin/sleep
	echo '{}' >"$work/config.json"
	chmod 755 "$work" "$work/root"
	mkdir -p /run/ksm-hook
	# its copy lies where only its own mount namespace has it
	cat >"$work/elsewhere" <<-S
		#!/bin/sh
		mount -t tmpfs none /mnt && cp "$(dirname "$KSM_HOOK")"/ksm-hook "$(dirname "$KSM_HOOK")"/libksm_preload.so /mnt && shift && exec /mnt/ksm-hook "\$@"
	S
	chmod +x "$work/elsewhere"
	n=0
}

# create VERSION BUNDLE-FILTER COMMAND... -- ANNOTATION...: the agent in $start, options in $options
create() {
	_version=$1 _filter=$2
	shift 2
	_command=
	while [ "$1" != -- ]; do
		_command="$_command $1"
		shift
	done
	shift
	n=$((n + 1))
	id=$(printf '%056x%08x' $$ $n)
	ids="${ids:-} $id"
	# shellcheck disable=SC2086 # words
	bundle_make "$work/box$n" "$work/root" '{}' '{}' $_command
	jq "$_filter" "$work/box$n/config.json" >"$work/new.json" && mv "$work/new.json" "$work/box$n/config.json"
	rm -f "$work/nri.sock"
	# shellcheck disable=SC2016,SC2086 # for the inner shell; words
	unshare -m sh -c 'mount -t tmpfs none /run/ksm-hook && exec "$@"' sh \
		${start:-} "$KSM_HOOK" nri --config="$work/config.json" --socket="$work/nri.sock" \
		${options:-} 2>"$work/log" &
	agent=$!
	timeout 120 python3 "$top/tests/lib/fakes/nri-create" "$work/nri.sock" "$_version" "$work/box$n" "$id" "$@" \
		>"$work/out" 2>&1
	# unshare takes no other signal while it waits
	case ${start:-} in unshare*) kill -KILL "$agent" ;; *) kill "$agent" ;; esac
	wait "$agent" 2>/dev/null
}

says() {
	assertEquals "$(cat "$work/out" "$work/log") $1" "$2" "$(sed -n "s/^$1: *//p" "$work/out")"
}

# once it has executed the workload
is_mergeable() {
	_pid=$(cat "$work/box$n/pid")
	wait_for 20 grep -qz '^600$' "/proc/$_pid/cmdline" || return
	wait_for 20 grep -q sleep "/proc/$_pid/comm" || return
	sed -n 's/^ksm_merge_any: *//p' "/proc/$_pid/ksm_stat"
}

none='setpriv --bounding-set=-all --inh-caps=-all --no-new-privs'

# NRI 0.10: also a static program, as a user without a right, on a root that is read-only
testTheProgramInFrontOfTheArguments() {
	start=$none options=--share=$work/share
	create 0.10.0 '.root.readonly = true | .process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true' \
		sleep 600 -- io.ksm.merge=true
	says registered "10-ksm-hook events=1032"
	assertContains "$(cat "$work/log")" "way exec, by ksm-hook run in front of the arguments: CAP_SYS_PTRACE is not there"
	says args "/dev/ksm-hook/ksm-hook run -- sleep 600"
	says mount "/dev/ksm-hook/ksm-hook $work/share/ksm-hook bind ro nosuid nodev"
	says preload ""
	says started 0
	assertEquals yes "$(is_mergeable)"
}

# arguments that look like options are the command's own
testArgumentsAreLeftAsTheyAre() {
	start=$none options=--share=$work/share
	create v0.12.0 '.process.args = ["sleep", "--", "600"]' sleep -- io.ksm.merge=true
	says args "/dev/ksm-hook/ksm-hook run -- sleep -- 600"
	says started 0
	assertEquals yes "$(is_mergeable)"
}

testWhoDidNotAskGetsNothing() {
	start=$none options=--share=$work/share
	for version in 0.12.0 0.8.0; do
		create $version . sleep 600 --
		says code 0
		says args ""
		says mount ""
		says preload ""
		says started 0
		assertEquals no "$(is_mergeable)"
	done
}

# what the container preloads already comes first
testTheLibraryBeforeThat() {
	start=$none options=--share=$work/share
	create 0.8.0 '.process.env += ["LD_PRELOAD=/lib/none.so"]' /bin/sleep 600 -- io.ksm.merge=true
	assertContains "$(cat "$work/log")" "way exec, by the preload library, as the runtime's NRI is older than 0.10"
	says args ""
	says preload "/lib/none.so:/dev/ksm-hook/libksm_preload.so"
	says mount "/dev/ksm-hook/libksm_preload.so $work/share/libksm_preload.so bind ro nosuid nodev"
	says started 0
	assertEquals yes "$(is_mergeable)"
	create "" . /bin/sleep 600 -- io.ksm.merge=true
	says preload "/dev/ksm-hook/libksm_preload.so"
}

testWhoAsksForTheLibraryGetsIt() {
	start=$none options=--share=$work/share
	create 0.12.0 . /bin/sleep 600 -- io.ksm.merge=true io.ksm.method=preload
	says args ""
	says preload "/dev/ksm-hook/libksm_preload.so"
	assertEquals yes "$(is_mergeable)"
	create 0.8.0 . /bin/sleep 600 -- io.ksm.merge=true io.ksm.method=inject
	says preload ""
	says started 0
	assertContains "$(cat "$work/log")" "reason=target-untraceable"
}

# a kernel without the prctl is one whose library calls madvise
testAKernelWithoutThePrctl() {
	start="$top/tests/lib/no-prctl" options=--share=$work/share
	create 0.12.0 . /bin/sleep 600 -- io.ksm.merge=true
	assertContains "$(cat "$work/log")" "this kernel has no prctl(PR_SET_MEMORY_MERGE)"
	says preload "/dev/ksm-hook/libksm_preload.so"
	says args ""
}

# what is not changed is not said to be, and not what merging required
testWhatCannotBeChanged() {
	start=$none options=--share=$work/share
	for required in false true; do
		create 0.12.0 '.process.args = ["/dev/ksm-hook/ksm-hook"]' sleep -- io.ksm.merge=true io.ksm.required=$required
		assertContains "$(cat "$work/log")" "reason=edit-failed"
		assertNotContains "$(cat "$work/log")" "gets ksm-hook run"
		says args ""
		case $required in
		false) says code 0 ;;
		true) assertContains "$(cat "$work/out")" "code: 9" ;;
		esac
	done
	# what only looks like the library's path, and what is that, and not there
	create 0.8.0 '.process.env += ["LD_PRELOAD=/dev/ksm-hook/libksm_preload.so.1"]' /bin/sleep 600 -- io.ksm.merge=true io.ksm.required=true
	says preload "/dev/ksm-hook/libksm_preload.so.1:/dev/ksm-hook/libksm_preload.so"
	assertEquals yes "$(is_mergeable)"
	create 0.8.0 '.process.env += ["LD_PRELOAD=/lib/none.so /dev/ksm-hook/libksm_preload.so"]' /bin/sleep 600 -- io.ksm.merge=true io.ksm.required=true
	says preload "/lib/none.so /dev/ksm-hook/libksm_preload.so"
	says mount "/dev/ksm-hook/libksm_preload.so $work/share/libksm_preload.so bind ro nosuid nodev"
	assertEquals yes "$(is_mergeable)"
}

# by an agent that sees no process of theirs: when the runtime says so, or names them no longer
testNamesAreRemoved() {
	options=--share=$work/share
	for start in "$none" 'unshare --pid --fork --kill-child'; do
		for version in 0.12.0 0.8.0; do
			create $version . /bin/sleep 600 -- io.ksm.merge=true
			says stored "True True False True False"
		done
	done
}

# each has an agent of its own, and the node's directory is theirs both
testTwoRuntimesOfANode() {
	mkdir "$work/a" "$work/b"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount -t tmpfs none /run/ksm-hook || exit
		for place in "$2/a" "$2/b"; do
			"$1" nri --config="$2/config.json" --socket="$place/nri.sock" --way=exec --share="$2/share" 2>"$place/log" &
			pids="$pids $!"
		done
		trap "kill $pids" TERM
		wait
		wait' sh "$KSM_HOOK" "$work" &
	agents=$!
	timeout 120 python3 "$top/tests/lib/fakes/nri-two" "$work/a/nri.sock" "$work/b/nri.sock" >"$work/out" 2>&1
	kill "$agents"
	wait "$agents" 2>/dev/null
	assertFalse "they have ended" "pgrep -f $work/a/nri.sock"
	cat "$work/a/log" "$work/b/log" >"$work/log"
	says created "True True"
	says named "True True"
	says restarted "True True"
	says first "False True"
	says second "False False"
	says present True
}

# what was taken away would keep the container from starting
testWhatIsNotThereAnyMore() {
	cat >"$work/takes-away" <<-'S'
		#!/bin/sh
		"$@" &
		pid=$!
		trap 'kill $pid' TERM
		until [ -e "$SHARE/ksm-hook" ] && [ -e "$SHARE/libksm_preload.so" ]; do sleep 0.05; done
		rm "$SHARE/ksm-hook"
		wait $pid
		wait $pid
	S
	chmod +x "$work/takes-away"
	for required in false true; do
		rm -rf "$work/share"
		start="env SHARE=$work/share $work/takes-away $none" options=--share=$work/share
		create 0.12.0 . sleep 600 -- io.ksm.merge=true io.ksm.required=$required
		case $required in
		false)
			says code 0
			says args ""
			says started 0
			assertEquals no "$(is_mergeable)"
			;;
		true)
			assertContains "$(cat "$work/out")" "code: 9"
			assertContains "$(cat "$work/out")" "$work/share/ksm-hook"
			;;
		esac
	done
}

# what the runtime does not find by that path would keep the container from starting
testWithoutShareOnlyWhatTheRuntimeFinds() {
	options=--way=exec
	for start in "$none" 'unshare --pid --fork --kill-child' "$work/elsewhere"; do
		for required in false true; do
			create 0.12.0 . sleep 600 -- io.ksm.merge=true io.ksm.required=$required
			assertContains "$start: $(cat "$work/log")" "is not seen to be the runtime's too; --share"
			says args ""
			says mount ""
			case $required in
			false)
				says started 0
				assertEquals no "$(is_mergeable)"
				;;
			true) assertContains "$(cat "$work/out")" "code: 9" ;;
			esac
		done
	done
	start=''
	create 0.12.0 . sleep 600 -- io.ksm.merge=true
	says mount "/dev/ksm-hook/ksm-hook $(readlink -f "$KSM_HOOK") bind ro nosuid nodev"
	assertEquals yes "$(is_mergeable)"
}

# the node's directory of names, seen from a pid namespace with none of its containers
testNamesOfWhatIsNotSeenStay() {
	cat >"$work/looks" <<-'S'
		#!/bin/sh
		mount -t tmpfs -o mode=755 none /run/ksm-hook && mkdir -m 700 /run/ksm-hook/containers || exit
		printf 'init %s %s\npod web\n' "$$" "$(cut -d' ' -f22 /proc/$$/stat)" >/run/ksm-hook/containers/seen
		printf 'init 0 0\npod web\n' >/run/ksm-hook/containers/created
		touch -d '2 minutes ago' /run/ksm-hook/containers/created
		chmod 600 /run/ksm-hook/containers/*
		# and until the one that removes has done so
		unshare --pid --fork --mount-proc sh -c '"$1" metrics >/dev/null
			while grep -qs ksm-hook /proc/[0-9]*/comm; do sleep 0.05; done' sh "$1"
		ls /run/ksm-hook/containers
	S
	chmod +x "$work/looks"
	assertEquals "created
seen" "$(timeout 120 unshare -m "$work/looks" "$KSM_HOOK" 2>&1)"
}

testAutoSaysWhichAndWhy() {
	start='' options=--share=$work/share
	create 0.12.0 . sleep 600 -- io.ksm.merge=true
	says registered "10-ksm-hook events=32"
	assertContains "$(cat "$work/log")" "way inject: CAP_SYS_PTRACE is there, in the runtime's pid namespace"
	start='unshare --pid --fork --kill-child'
	create 0.12.0 . sleep 600 -- io.ksm.merge=true
	says registered "10-ksm-hook events=1032"
	assertContains "$(cat "$work/log")" "the runtime is in another pid namespace (no hostPID)"
	assertEquals yes "$(is_mergeable)"
	start='' options="--share=$work/share --way=exec --existing"
	create 0.12.0 . sleep 600 -- io.ksm.merge=true
	assertContains "$(cat "$work/log")" "way exec, by ksm-hook run in front of the arguments: --way says so"
	assertContains "$(cat "$work/log")" "containers that run already are left alone"
	assertEquals yes "$(is_mergeable)"
	start=$none options="--way=inject"
	create 0.12.0 . sleep 600 -- io.ksm.merge=true
	says registered "10-ksm-hook events=32"
	assertContains "$(cat "$work/log")" "way inject: --way says so"
}

testWrongUsage() {
	for wrong in --way=none --share=relative; do
		out=$(timeout 10 "$KSM_HOOK" nri $wrong 2>&1)
		assertEquals "$wrong: $out" 2 $?
	done
	out=$(timeout 10 "$KSM_HOOK" nri --share="$work/none/there" 2>&1)
	assertEquals "$out" 1 $?
}

suite_teardown() {
	for id in ${ids:-}; do
		runc delete -f "$id" >/dev/null 2>&1
	done
	return 0
}

. "$(dirname "$0")/../lib/common.sh"
