#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container with thousands of processes, beside and below each other, with tens of thousands of
# mappings, in thousands of cgroups: every command ends in good time and counts them all, and a start
# beside them takes no longer. What it does is counted too, whatever machine this is: nothing is
# quadratic. many-soak.sh has 100,000 processes, and the other numbers of the audit.
# needs: machine ksmd

: "${MANY:=3000}"
# beside all else of the machine
: "${AMONG:=1000}"
: "${CHAIN:=1000}"
: "${MAPPINGS:=4000}"
: "${DEPTH:=200}"
: "${CGROUPS:=2000}"
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
	nested_end
	beside_end
	[ -z "${pid_max:-}" ] || echo "$pid_max" >/proc/sys/kernel/pid_max
	[ -z "${cgroup:-}" ] || rmdir "$cgroup"
}

numbers() { echo /proc/[0-9]* | wc -w; }

# many_begin KIND N: in the container
many_begin() {
	had=$(numbers)
	# shellcheck disable=SC2016 # for the inner shell
	setsid sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2" "$3" "$4"' sh "$cgroup" "$BUILD/attach/many" "$1" "$2" \
		<"$work/end" >"$work/ready" 2>"$work/err" &
	many=$!
	exec 7>"$work/end"
	wait_for "$LIMIT" grep -q . "$work/ready" "$work/err"
	assertEquals "$(cat "$work/err")" ready "$(cat "$work/ready")"
}

# who has ended is in no cgroup, but has its number until somebody has asked for it
is_empty() {
	grep -q 'populated 0' "$cgroup/cgroup.events" && [ "$(numbers)" -lt $((had + 5000)) ]
}

many_end() {
	[ -n "${many:-}" ] || return 0
	exec 7>&-
	wait "$many" 2>/dev/null
	many=
	wait_for "$LIMIT" is_empty
}

# limited COMMAND...: its output in $work/out; it ends well, or with one of $status, and in time
limited() {
	_start=$(date +%s%N)
	timeout "$LIMIT" "$@" >"$work/out" 2>"$work/err"
	_ended=$?
	assertContains "$* in $LIMIT s: $_ended: $(head -n 3 "$work/err")" " ${status:-0} " " $_ended "
	echo "$(($(date +%s%N) - _start))" | sed "s/\(.*\).\{6\}$/\1 ms: $(basename "$1") $2/"
	# what was left out is said there
	head -n 3 "$work/err"
}

# What is read of each process of the machine, to know whose it is.
walk='"/proc/[0-9]+/(cgroup|ns/pid|ns/mnt|stat)"'

# counted MOST COMMAND...: it opens no more files than that; their names are in $work/opened. Where
# others' processes come and go beside it, but=$walk leaves out what is read of each
counted() {
	_most=$1
	shift
	timeout "$LIMIT" strace -f -qq -e trace=open,openat,openat2,newfstatat,stat -o "$work/opened" "$@" >"$work/out" 2>"$work/err"
	_ended=$?
	assertEquals "$* in $LIMIT s, traced: $(head -n 3 "$work/err")" 0 $_ended
	_opened=$(grep -E '^[0-9]+ +[a-z0-9_]+\(' "$work/opened" | grep -vcE "${but:-^$}")
	assertTrue "$*: $_opened names, of $_most" "[ $_opened -le $_most ]"
}

# shown FIELD: of the container, in what ps --json said
shown() {
	jq --arg id "many-$$" ".[] | select(.engine == \"lxc\" and .id == \$id) | .$1" "$work/out"
}

# A start of a container that has nothing to do with these.
starts() {
	printf '{"ociVersion":"1.0.2","id":"c1","status":"created","pid":1,"bundle":"/b","annotations":{"io.ksm.merge":"true"}}' >"$work/state"
	_start=$(date +%s%N)
	echo '{}' >"$work/config.json"
	timeout 5 "$KSM_HOOK" createRuntime --config "$work/config.json" <"$work/state" >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	assertContains "$(cat "$work/out")" "not a child"
}

testManyProcesses() {
	many_begin processes "$MANY" || return
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

# done_of_all: what attach or detach of all has done, and had nothing to do for; none of the tenant's was left out
done_of_all() {
	jq -e --argjson many $((AMONG + 1)) '.done + .already >= $many and
		all(.processes[]; .command != "many" or .done)' "$work/out" >/dev/null
}

# What looks at all containers, and not at this one only. It fails where something else of this machine is left out,
# and doctor where something could be better.
testManyProcessesAmongAll() {
	many_begin processes "$AMONG" || return
	status='0 1'
	limited "$KSM_HOOK" attach --all --json
	_attached() { timeout "$LIMIT" "$KSM_HOOK" attach --all --json >"$work/out" 2>"$work/err" || true; done_of_all; }
	wait_for "$LIMIT" _attached
	limited "$KSM_HOOK" doctor
	assertContains "$(grep -E '[1-9][0-9]* of [0-9]+ containers are mergeable' "$work/out")" mergeable
	limited "$KSM_HOOK" detach --all --json
	assertTrue "$(head -c 500 "$work/out") $(head -c 500 "$work/err")" done_of_all
	status=
	limited "$KSM_HOOK" ps --json
	assertEquals $((AMONG + 1)) "$(shown processes)"
	assertEquals 0 "$(shown mergeable_processes)"
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

# each is the child of the one before; only the first is mergeable, so that for all others it is asked
# whether they came from outside, as what engines call exec does
testNestedProcesses() {
	many_begin chain "$CHAIN"
	limited "$KSM_HOOK" attach "$many"
	limited "$KSM_HOOK" ps --json
	assertEquals $((CHAIN + 1)) "$(shown processes)"
	assertEquals 1 "$(shown mergeable_processes)"
	limited "$KSM_HOOK" metrics
	# a process has some ten files that are looked at, and the host's others have them too
	_others=$(echo /proc/[0-9]* | wc -w)
	counted $(((CHAIN + _others) * 30)) "$KSM_HOOK" ps
	counted $(((CHAIN + _others) * 30)) "$KSM_HOOK" metrics
	many_end
}

# what costs is smaps, which the kernel writes in seconds: where it says that nothing there is
# mergeable, nobody reads it
testManyProcessesOfManyMappings() {
	many_begin forks "$MAPPINGS"
	limited "$KSM_HOOK" attach "lxc:many-$$"
	limited "$KSM_HOOK" ps --json
	assertEquals 20 "$(shown mergeable_processes)"
	limited "$KSM_HOOK" detach "lxc:many-$$"
	limited "$KSM_HOOK" detach --all
	"$KSM_HOOK" attach "lxc:many-$$" >/dev/null 2>&1
	but=$walk counted 20000 "$KSM_HOOK" detach "lxc:many-$$"
	if grep -q '^ksm_mergeable:' /proc/self/ksm_stat; then
		assertEquals 0 "$(grep -c '/smaps' "$work/opened")"
	fi
	many_end
}

# nested_begin: five processes, each below as many cgroups, with pages that are merged
nested_begin() {
	nested=$1/ksm-nested-$$
	sleepers=
	for _i in 1 2 3 4 5; do
		_path=$nested/$_i$(printf '/a%.0s' $(seq "$2"))
		mkdir -p "$_path"
		perl -e '$| = 1; my $x = "q" x 800000; print "ready\n"; sleep 1000' >"$work/nested.$_i" &
		sleepers="$sleepers $!"
		echo $! >"$cgroup/cgroup.procs"
		echo $! >"$_path/cgroup.procs"
	done
	for _i in 1 2 3 4 5; do
		wait_for "$LIMIT" grep -q ready "$work/nested.$_i"
	done
}

nested_end() {
	[ -n "${nested:-}" ] || return 0
	kill -KILL $sleepers 2>/dev/null
	wait $sleepers 2>/dev/null
	_gone() { find "$nested" -depth -type d -exec rmdir {} + 2>/dev/null && [ ! -d "$nested" ]; }
	wait_for "$LIMIT" _gone
	nested=
}

beside_end() {
	[ -n "${beside:-}" ] || return 0
	_removed() { find "$beside" -depth -type d -exec rmdir {} + 2>/dev/null && [ ! -d "$beside" ]; }
	if [ "$beside" = "$cgroup" ]; then
		find "$beside" -mindepth 1 -depth -type d -exec rmdir {} +
	else
		wait_for "$LIMIT" _removed
	fi
	beside=
}

# Cgroups below its own, with nobody in them, cost nobody anything: no command looks below, but for ps --exact,
# which does so for the first 1,024.
testManyCgroups() {
	many_begin processes 10
	beside=/sys/fs/cgroup/memory/lxc.payload.many-$$
	if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		mkdir "$beside"
		for _pid in $(cat "$cgroup/cgroup.procs"); do
			echo "$_pid" >"$beside/cgroup.procs"
		done
	else
		beside=$cgroup
	fi
	seq "$CGROUPS" | sed "s,.*,$beside/below-&," | xargs mkdir
	but=$walk
	for _command in ps metrics "attach lxc:many-$$" "detach lxc:many-$$"; do
		# shellcheck disable=SC2086 # words
		counted 20000 "$KSM_HOOK" $_command
		assertTrue "$_command: it is looked at" "grep -q '/cgroup\"' '$work/opened'"
		assertEquals "$_command: cgroups below" 0 "$(grep -c '"below-\|/below-' "$work/opened")"
	done
	limited "$KSM_HOOK" attach "lxc:many-$$"
	counted 20000 "$KSM_HOOK" ps --exact
	_below=$(grep -c '"below-' "$work/opened")
	assertTrue "ps --exact: $_below" "[ $_below -le 1024 ]"
	many_end
	beside_end
	but=
}

is_merged() { [ "$(cat "/proc/$many/ksm_merging_pages")" -gt 4000 ]; }

# shown_once WHAT: 16 MiB of equal pages, and what a small program has
shown_once() {
	for _figure in anonymous merged; do
		_bytes=$(shown ${_figure}_bytes)
		assertTrue "$1: $_figure: $_bytes" "[ $_bytes -gt 15000000 ] && [ $_bytes -lt 20000000 ]"
	done
}

# Processes that share an address space have its memory once: neither does ps show it for each, nor does detach,
# which asks whether the copies fit, want that much. With 3,000 no machine has it, and nobody could be detached.
testOneAddressSpace() {
	_memory=/sys/fs/cgroup/memory/ksm-many-$$ _file=limit_in_bytes _used=usage_in_bytes
	if [ ! -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		_memory=$cgroup _file=max _used=current
	fi
	mkdir -p "$_memory"
	ksmd_take
	many_begin sharing 20
	for _pid in $(cat "$cgroup/cgroup.procs"); do
		echo "$_pid" >"$_memory/cgroup.procs"
	done
	_attached() { timeout "$LIMIT" "$KSM_HOOK" attach "lxc:many-$$" >"$work/out" 2>&1; }
	wait_for "$LIMIT" _attached
	echo none >$ksm/advisor_mode 2>/dev/null
	echo 20000 >$ksm/pages_to_scan
	echo 2 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
	wait_for "$LIMIT" is_merged
	echo 0 >$ksm/run
	limited "$KSM_HOOK" ps --json
	assertEquals 21 "$(shown mergeable_processes)"
	shown_once ps
	_cost=$(shown cost_bytes)
	assertTrue "cost: $_cost" "[ $_cost -lt 400000 ]"
	limited "$KSM_HOOK" ps --json --exact
	shown_once "ps --exact"
	limited "$KSM_HOOK" estimate --json "lxc:many-$$"
	_cost=$(jq '.containers[0].cost_bytes' "$work/out")
	assertTrue "estimate: $_cost" "[ $_cost -lt 400000 ]"
	# one copy fits, and two do not
	echo $(($(cat "$_memory/memory.$_used") + (24 << 20))) >"$_memory/memory.$_file"
	limited "$KSM_HOOK" detach "lxc:many-$$"
	assertContains "$(cat "/proc/$many/ksm_stat")" "ksm_merge_any: no"
	many_end
	[ "$_memory" = "$cgroup" ] || wait_for "$LIMIT" rmdir "$_memory"
}

are_merged() {
	for _pid in $sleepers; do
		[ "$(cat "/proc/$_pid/ksm_merging_pages")" -gt 100 ] || return 1
	done
}

# whether the copies fit is asked of each cgroup above a process
testNestedCgroups() {
	_memory=/sys/fs/cgroup/memory
	if [ ! -e $_memory/memory.limit_in_bytes ]; then
		_memory=$(dirname "$cgroup")
	fi
	nested_begin "$_memory" "$DEPTH"
	"$KSM_HOOK" attach "lxc:many-$$" >/dev/null 2>&1
	echo none >$ksm/advisor_mode 2>/dev/null
	echo 20000 >$ksm/pages_to_scan
	echo 2 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
	wait_for "$LIMIT" are_merged
	echo 0 >$ksm/run
	limited "$KSM_HOOK" ps
	limited "$KSM_HOOK" metrics
	# a directory and one or two files of each, by names that are no longer the deeper they are
	but=$walk counted $((DEPTH * 5 * 5)) "$KSM_HOOK" detach "lxc:many-$$"
	assertTrue "each cgroup is looked at" "[ $(grep -c 'memory\.\(max\|limit_in_bytes\)' "$work/opened") -ge $((DEPTH * 5)) ]"
	assertEquals "memory.stat, which costs most" 0 "$(grep -c 'memory\.stat' "$work/opened")"
	_long=$(awk 'length > 300' "$work/opened" | wc -l)
	assertTrue "$_long long names" "[ $_long -le 100 ]"
	nested_end
}

. "$(dirname "$0")/../lib/common.sh"
