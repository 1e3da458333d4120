#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ps, metrics, doctor, attach and estimate see the same processes: also one whose main thread
# has ended while another runs on, which /proc/PID shows without memory and namespaces.
# needs: machine

id=00000000000000000000000000000000000000000000000000000000decafbad
pages=500
bytes=$((pages * $(getconf PAGESIZE)))

suite_setup() {
	tree=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/ksm-processes-$$
	mkdir -p "$tree/docker/$id"
	mkfifo "$work/in"
	started=
}

leave() {
	[ -n "$started" ] || return 0
	exec 7>&-
	# shellcheck disable=SC2086 # a list
	wait $started
	started=
}

each_teardown() { leave; }

suite_teardown() {
	rmdir "$tree/docker/$id" "$tree/docker" "$tree"
}

# start [COMMAND...]: leaderless processes, run by the command; until they say so
start() {
	: >"$work/out"
	(
		echo 0 >"$tree/docker/$id/cgroup.procs"
		exec "$@" <"$work/in" >>"$work/out" 7>&-
	) &
	started="$started $!"
	exec 7>"$work/in"
	wait_for 10 grep -q ready "$work/out" || fail "not started: $(cat "$work/out")"
}

leaderless() { start "$BUILD/tests/leaderless" walk $pages "$@"; }

# a root of its own that has what programs need, and the command in it
in_own_root() {
	cat <<-'E'
		mkdir -p "$0" && mount -t tmpfs own "$0" || exit
		for d in /bin /lib /lib64 /usr /proc "$1"; do
			if [ -L "$d" ]; then
				cp -P "$d" "$0$d"
			elif [ -d "$d" ]; then
				mkdir -p "$0$d" && mount --rbind "$d" "$0$d"
			fi
		done
		shift
		exec chroot "$0" "$@"
	E
}

# the same in namespaces of its own, with a cgroup that no engine has named
# shellcheck disable=SC2120 # it takes the arguments of leaderless
nameless() {
	: >"$work/out"
	(
		echo 0 >"$tree/cgroup.procs"
		exec unshare --mount --pid --fork sh -c "$(in_own_root)" "$work/own" "$BUILD" \
			"$BUILD/tests/leaderless" walk 500 "$@" <"$work/in" >>"$work/out" 7>&-
	) &
	started="$started $!"
	exec 7>"$work/in"
	wait_for 10 grep -q ready "$work/out" || fail "not started: $(cat "$work/out")"
}

# of ID JQ-PATH: of what ps says about a container
of() { "$KSM_HOOK" ps --json | jq ".[] | select(.id == \"$1\") | $2"; }

testPs() {
	leaderless merge
	assertEquals '[1,1,"prctl"]' "$(of $id '[.processes, .mergeable_processes, .method]' | jq -c .)"
	assertTrue "its memory: $(of $id .anonymous_bytes)" "[ $(of $id .anonymous_bytes) -ge $bytes ]"
}

testPsExactly() {
	leaderless merge
	out=$("$KSM_HOOK" ps --exact --json | jq -c ".[] | select(.id == \"$id\") | [.processes, .mergeable_processes]")
	assertEquals "[1,1]" "$out"
}

testMetrics() {
	leaderless merge
	"$KSM_HOOK" metrics >"$work/metrics"
	assertEquals 1 "$(sed -n "s/^ksm_container_mergeable_processes{.*id=\"$id\".*} //p" "$work/metrics")"
	out=$(sed -n "s/^ksm_container_anonymous_bytes{.*id=\"$id\".*} //p" "$work/metrics")
	assertTrue "its memory: $out" "[ ${out:-0} -ge $bytes ]"
}

testDoctor() {
	leaderless merge
	out=$("$KSM_HOOK" doctor --json "docker:$id" | jq -r '.. | objects | select(.id? == "containers") | .what')
	assertContains "$out" "$out" "1 of 1 containers"
}

testEstimate() {
	leaderless
	"$KSM_HOOK" estimate --json "docker:$id" >"$work/json" 2>"$work/err"
	assertEquals "$(cat "$work/err")" 1 "$(jq '.containers[0].processes' "$work/json")"
	out=$(jq '.containers[0].anonymous_bytes' "$work/json")
	assertTrue "its memory: $out" "[ $out -ge $bytes ]"
}

# what is mergeable already is there to be equal to
testEstimateOfOthers() {
	leaderless merge
	"$KSM_HOOK" estimate --json $$ >"$work/json" 2>"$work/err"
	assertTrue "$(cat "$work/json")" "[ $(jq .mergeable_processes "$work/json") -ge 1 ]"
}

testAttach() {
	leaderless
	assertEquals '[1,0]' "$(of $id '[.processes, .mergeable_processes]' | jq -c .)"
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>"$work/err" | jq -c '[.done, .failed]')
	assertEquals "$(cat "$work/err")" "[1,0]" "$out"
	assertEquals 1 "$(of $id .mergeable_processes)"
}

# a container that only its namespaces tell: those of the thread that runs
testAttachAll() {
	nameless
	_pid=$(cat "$tree/cgroup.procs" | while read -r _p; do
		grep -q '^State:.*Z' "/proc/$_p/status" && echo "$_p"
	done)
	out=$("$KSM_HOOK" attach --all --json 2>"$work/err" | jq -c ".processes[] | select(.pid == $_pid) | [.command, .done]")
	assertEquals "$(cat "$work/err")" '["walk",true]' "$out"
	out=$("$KSM_HOOK" ps --json | jq '[.[] | select(.engine == "oci") | .mergeable_processes] | add')
	assertTrue "seen by ps: $out" "[ ${out:-0} -ge 1 ]"
}

# a zombie is nobody's process
testZombies() {
	start python3 -c 'import os, time
if os.fork() == 0: os._exit(0)
time.sleep(0.2); print("ready", flush=True); os.read(0, 1)'
	assertEquals 1 "$(of $id .processes)"
	assertEquals 1 "$("$KSM_HOOK" estimate --json "docker:$id" 2>/dev/null | jq '.containers[0].processes')"
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>/dev/null | jq -c '[.done, .failed]')
	assertEquals "[1,0]" "$out"
}

# a name may be any bytes: it is read back as it is, and no two are written alike
testNames() {
	start "$BUILD/tests/leaderless" "$(printf 'sl\303\250ep\001"\\')" $pages
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>/dev/null)
	assertEquals "$(printf 'sl\303\250ep\001"\\')" "$(printf '%s' "$out" | jq -r '.processes[0].command')"
	leave
	start "$BUILD/tests/leaderless" "$(printf 'sl\350ep')" $pages
	out=$("$KSM_HOOK" attach --json "docker:$id" 2>/dev/null)
	assertEquals "the byte e8 as U+10FEE8" "$(printf 'sl\364\217\273\250ep')" "$(printf '%s' "$out" | jq -r '.processes[0].command')"
	out=$("$KSM_HOOK" detach "docker:$id" 2>/dev/null)
	assertContains "$out" "$out" 'sl\xe8ep '
	leave
	start "$BUILD/tests/leaderless" 'sl\xe8ep' $pages
	out=$("$KSM_HOOK" attach "docker:$id" 2>/dev/null)
	assertContains "$out" "$out" 'sl\x5cxe8ep '
}

. "$(dirname "$0")/../lib/common.sh"
