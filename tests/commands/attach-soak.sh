#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Servers under load while they are attached to and detached from, over a thousand times in
# all, with ksmd merging: no request fails and no process dies.
# needs: machine ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/workloads.sh"

preload_env=
id=ksmsoak-$$
: "${CYCLES:=160}"

suite_setup() {
	cycles=0
	echo none >$ksm/advisor_mode 2>/dev/null
	echo 2000 >$ksm/pages_to_scan
	echo 10 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
}

suite_teardown() {
	runc delete -f $id 2>/dev/null
	rm -f "$work/stop"
}

# A workload's load until told to stop; its own data base each time
load_until_told() {
	n=0
	until [ -e "$work/stop" ] && [ $n -ge 2 ]; do
		[ $workload != mariadbd ] || mariadb --no-defaults -S "$dir/sock" \
			-e 'drop database if exists d' 2>"$work/drop" || return 1
		workload_load || return 1
		n=$((n + 1))
		echo $n >"$work/rounds"
	done
}

# on_and_off PID...: CYCLES times; processes may end by themselves only if the server says so
on_and_off() {
	_max=0
	_n=0
	while [ $_n -lt "$CYCLES" ]; do
		"$KSM_HOOK" attach "$@" >"$work/on" 2>&1 || { fail "attach: $(cat "$work/on")"; return; }
		# merging takes a moment
		[ $((_n % 10)) -ne 0 ] || sleep 0.2 # ksmd does, as it likes
		"$KSM_HOOK" detach "$@" >"$work/off" 2>&1 || { fail "detach: $(cat "$work/off")"; return; }
		_n=$((_n + 1))
		_us=$(cat "$work/on" "$work/off" | sed -n 's/.* \([0-9]*\) us at most.*/\1/p' | sort -n | tail -n 1)
		[ "${_us:-0}" -le $_max ] || _max=$_us
	done
	cycles=$((cycles + _n))
}

server() {
	rm -f "$work/stop" "$work/rounds"
	workload_start "$1" || { fail "$1 does not start"; return; }
	if [ "$1" = redis-server ] || [ "$1" = mariadbd ]; then sleep 2; fi # of their own start
	set -- "$1" $(workload_pids)
	_server=$1
	shift
	load_until_told >"$work/load.out" 2>&1 &
	load=$!
	wait_for 60 test -s "$work/rounds"
	on_and_off "$@"
	touch "$work/stop"
	wait $load
	_ended=$?
	assertEquals "$_server: a request failed: $(tail -n 3 "$work/load.out" "$dir/log")" 0 $_ended
	for p; do kill -0 "$p" || fail "$_server: process $p has ended"; done
	echo "$_server: $_n times on and off, $(cat "$work/rounds") rounds of load, stopped for at most $_max us"
	workload_stop
}

test_redis() { server redis-server; }
test_mariadb() { server mariadbd; }
test_nginx() { server nginx; }
test_java() { server java; }
test_node() { server node; }

# It looks at its own results, and ends with what it saw.
test_go() {
	VICTIM_SLACK_MS=1500 VICTIM_STOP=$work/go.stop "$BUILD/victims/goroutines" 120000 20 >"$work/go.out" 2>&1 &
	go=$!
	wait_for 10 grep -q '^ready' "$work/go.out"
	on_and_off $go
	touch "$work/go.stop"
	wait $go
	_ended=$?
	assertEquals "$(cat "$work/go.out")" 0 $_ended
	grep -q '^ok .* 0 cut short, 0 EINTR' "$work/go.out" || fail "$(cat "$work/go.out")"
}

# Docker's profile as far as it goes for a shell, and it kills for the calls that are injected.
test_a_container_under_seccomp() {
	rootfs_make "$work/root"
	bundle_make "$work/b" "$work/root" '{}' '{}' /bin/sh -c \
		'while :; do [ "$(echo 7 | cat)" = 7 ] || exit 1; echo . >>/tmp/done; done'
	jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["prctl"], action: "SCMP_ACT_KILL_PROCESS", args: [{index: 0, value: 67, op: "SCMP_CMP_EQ"}]},
		{names: ["madvise"], action: "SCMP_ACT_KILL_PROCESS"},
		{names: ["ptrace", "mount", "umount2", "reboot", "swapon", "kexec_load", "bpf",
		"init_module", "delete_module", "perf_event_open", "userfaultfd", "keyctl"],
		action: "SCMP_ACT_ERRNO"}]}' \
		"$work/b/config.json" >"$work/b/new" && mv "$work/b/new" "$work/b/config.json"
	runc run -d -b "$work/b" $id </dev/null >/dev/null 2>&1
	wait_for 10 test -s "$work/root/tmp/done"
	on_and_off $id
	assertEquals running "$(runc state $id | jq -r .status)"
	before=$(wc -l <"$work/root/tmp/done")
	wait_for 10 eval "[ \$(wc -l <'$work/root/tmp/done') -gt $before ]" # it goes on
	runc delete -f $id
}

test_that_it_was_a_thousand() {
	echo "$cycles times on and off in all"
	[ "$CYCLES" -lt 160 ] || assertTrue "$cycles" "[ $cycles -ge 1000 ]"
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
