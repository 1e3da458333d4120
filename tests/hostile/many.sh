#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container with thousands of processes, and one with 30,000 mappings: every command ends in
# good time and counts them all, and a start beside them takes no longer. many-soak.sh has 100,000.
# needs: machine

: "${MANY:=3000}"
# of each command, on a machine that is busy; nothing here may be quadratic
: "${LIMIT:=60}"

suite_setup() {
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/lxc.payload.many-$$
	mkdir "$cgroup"
	mkfifo "$work/end"
	pid_max=$(cat /proc/sys/kernel/pid_max)
	# each has a number, and others get some too
	if [ "$pid_max" -lt $((MANY + 16384)) ]; then
		echo $((MANY + 16384)) >/proc/sys/kernel/pid_max
	fi
}

suite_teardown() {
	many_end
	[ -z "${pid_max:-}" ] || echo "$pid_max" >/proc/sys/kernel/pid_max
	[ -z "${cgroup:-}" ] || rmdir "$cgroup"
}

# many_begin KIND N: in the container
many_begin() {
	# shellcheck disable=SC2016 # for the inner shell
	setsid sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2" "$3" "$4"' sh "$cgroup" "$BUILD/attach/many" "$1" "$2" \
		<"$work/end" >"$work/ready" 2>"$work/err" &
	many=$!
	exec 7>"$work/end"
	wait_for "$LIMIT" grep -q . "$work/ready" "$work/err"
	assertEquals "$(cat "$work/err")" ready "$(cat "$work/ready")"
}

is_empty() {
	grep -q 'populated 0' "$cgroup/cgroup.events"
}

many_end() {
	[ -n "${many:-}" ] || return 0
	exec 7>&-
	wait "$many" 2>/dev/null
	many=
	wait_for "$LIMIT" is_empty
}

# limited COMMAND...: its output in $work/out; it ends well and in time
limited() {
	_start=$(date +%s%N)
	timeout "$LIMIT" "$@" >"$work/out" 2>"$work/err"
	assertEquals "$* in $LIMIT s: $(head -n 3 "$work/err")" 0 $?
	echo "$(($(date +%s%N) - _start))" | sed "s/\(.*\).\{6\}$/\1 ms: $(basename "$1") $2/"
}

# shown FIELD: of the container, in what ps --json said
shown() {
	jq --arg id "many-$$" ".[] | select(.engine == \"lxc\" and .id == \$id) | .$1" "$work/out"
}

# A start of a container that has nothing to do with these.
starts() {
	printf '{"ociVersion":"1.0.2","id":"c1","status":"created","pid":1,"bundle":"/b","annotations":{"io.ksm.merge":"true"}}' >"$work/state"
	_start=$(date +%s%N)
	timeout 5 "$KSM_HOOK" createRuntime --config /nonexistent <"$work/state" >"$work/out" 2>&1
	assertEquals "$(cat "$work/out")" 0 $?
	assertContains "$(cat "$work/out")" "not a child"
}

testManyProcesses() {
	many_begin processes "$MANY"
	starts
	limited "$KSM_HOOK" ps --json
	assertEquals $((MANY + 1)) "$(shown processes)"
	limited "$KSM_HOOK" metrics
	assertContains "$(cat "$work/out")" "id=\"many-$$\""
	# where more are to be had than processors, one may not answer in time: again, as it says
	_attached() { timeout "$LIMIT" "$KSM_HOOK" attach "lxc:many-$$" >"$work/out" 2>&1; }
	wait_for "$LIMIT" _attached
	limited "$KSM_HOOK" attach "lxc:many-$$"
	limited "$KSM_HOOK" ps --json
	assertEquals $((MANY + 1)) "$(shown mergeable_processes)"
	limited "$KSM_HOOK" detach "lxc:many-$$"
	many_end
}

testManyMappings() {
	many_begin mappings 30000
	limited "$KSM_HOOK" attach "lxc:many-$$"
	limited "$KSM_HOOK" ps --json
	assertEquals 1 "$(shown mergeable_processes)"
	limited "$KSM_HOOK" ps --exact
	limited "$KSM_HOOK" estimate "lxc:many-$$"
	limited "$KSM_HOOK" detach "lxc:many-$$"
	many_end
}

. "$(dirname "$0")/../lib/common.sh"
