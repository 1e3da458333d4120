# SPDX-License-Identifier: Apache-2.0
# What the suites of injection share: victims are started, injected into, and asked.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154 # variables of suites, of common.sh

# Calls that the kernel restarts, and epoll_wait, which it does not. NAME:MODE. KSM_TEST_VICTIMS: these only, of all.
restarts="nanosleep poll:timeout poll:data read waitpid futex:timeout futex:wake
	epoll:data epoll:timeout threads regs zombie"
restarts_32="nanosleep-32 poll-32:timeout read-32 futex-32:timeout entry32-32 entry32-32:read"
go_victim='' read_32='' mutex_32=''

suite_setup() {
	victims=$BUILD/victims
	drive=$BUILD/inject-drive
	faults=$BUILD/ksm-hook-faults
	# other work on this machine must not count as a late wake-up
	export VICTIM_SLACK_MS=${VICTIM_SLACK_MS:-1500}
	if [ -x "$victims/goroutines" ]; then go_victim=goroutines; fi
	# x86 alone has a way in for 32 bits in programs of 64; ARM has two codes of 32 bits
	for _v in entry32 entry32:read entry32-thumb entry32-thumb:read; do
		if [ -x "$victims/${_v%:*}" ]; then restarts="$restarts $_v"; fi
	done
	# aarch64's with marked places to jump to and signed return addresses
	for _v in nanosleep-bti read-bti threads-bti regs-bti; do
		if [ -x "$victims/$_v" ]; then restarts="$restarts $_v"; fi
	done
	# not every aarch64, and none with larger pages, runs programs of 32 bits
	if "$victims/nanosleep-32" 1 1 >/dev/null 2>&1; then
		restarts="$restarts $restarts_32" read_32=read-32 mutex_32=mutex-32
	else
		restarts=$(echo $restarts | sed 's/entry32-thumb[^ ]*//g')
		assertNotEquals "32-bit victims run here" x86_64 "$(uname -m)"
	fi
	restarts=${KSM_TEST_VICTIMS:-$restarts}
}

untouched=' 0 cut short, 0 EINTR'

# ids PREFIX NAME...: the ids of these victims
ids() {
	_prefix=$1
	shift
	for _v; do echo "$_prefix$_v"; done
}

# start ID NAME[:MODE] CALL_MS [TOTAL_MS]: a victim, which goes on until it is told to end
start() {
	_mode='' _nice=''
	case $2 in *:*) _mode=${2#*:} ;; esac
	case $2 in cpu* | mutex*) _nice='nice -n 10' ;; esac
	case $2 in cpu* | spin* | exec*) : >"$work/$1.computes" ;; esac
	: >"$work/$1.out"
	VICTIM_STOP=$work/${1%%.*}.stop $_nice "$victims/${2%%:*}" "${4:-${VICTIM_TOTAL_MS:-30000}}" "$3" $_mode \
		>"$work/$1.out" 2>&1 &
	echo $! >"$work/$1.pid"
}

is_ready() {
	grep -q '^ready' "$work/$1.out"
}

# a thread of $pid, if not all compute, waits in its call
in_a_call() {
	[ ! -e "$work/$1.computes" ] || return 0
	for _status in "/proc/$pid/task"/*/status; do
		while read -r _name _value _; do
			case $_name$_value in State:[SDT]) return 0 ;; esac
		done 2>/dev/null <"$_status"
	done
	return 1
}

# ready ID...: set up, and in their calls
ready() {
	for _id; do
		wait_for 10 is_ready "$_id" || fail "$_id: not ready: $(cat "$work/$_id.out")"
		pid_of "$_id"
		wait_for 10 in_a_call "$_id" || fail "$_id: not in its call: $(cat "$work/$_id.out")"
	done
}

# pid_of ID: $pid
pid_of() {
	read -r pid <"$work/$1.pid"
}

# inject ID WANTED [DRIVE OPTION...]: the result is WANTED
inject() {
	_id=$1 _want=$2
	shift 2
	pid_of "$_id"
	"$drive" "$@" "$pid" >"$work/$_id.drive" 2>&1
	read -r _line <"$work/$_id.drive"
	_got=${_line#* }
	assertEquals "$_id: $_line" "$_want" "${_got%% *}"
}

has_line() {
	while read -r _name _value; do
		[ "$_name $_value" != "$2" ] || return 0
	done 2>/dev/null <"$1"
	return 1
}

# a zombie's own directory tells nothing: another thread's does
a_thread_has() {
	for _dir in "/proc/$pid/task"/*; do
		has_line "$_dir/ksm_stat" "$1" && return 0
	done
	return 1
}

# mergeable ID yes|no
mergeable() {
	pid_of "$1"
	wait_for 30 a_thread_has "ksm_merge_any: $2" ||
		fail "$1: mergeable: $2 expected: $(cat "/proc/$pid/task"/*/ksm_stat 2>&1)"
}

is_in_state() {
	pid_of "$1"
	while read -r _name _value _; do
		[ "$_name" != State: ] || [ "$_value" != "$2" ] || return 0
	done 2>/dev/null <"/proc/$pid/status"
	return 1
}

in_state() {
	wait_for 30 is_in_state "$1" "$2" || fail "$1: not in state $2"
}

# A tracer's results are there a little before it has ended.
untraced() {
	pid_of "$1"
	wait_for 30 has_line "/proc/$pid/status" "TracerPid: 0" || fail "$1 is traced still"
}

# A zombie until it is waited for, which some shells do when they wait for another.
is_over() {
	pid_of "$1"
	[ ! -d "/proc/$pid" ] || is_in_state "$1" Z
}

# SIGABRT makes a Go program say where it hangs.
ends() {
	poll 60 is_over "$1" || { kill -ABRT "$pid"; fail "$1: does not end"; }
}

# ended PATTERN ID...: told to, with everything right
ended() {
	_pattern=$1
	shift
	touch "$work/${1%%.*}.stop"
	for _id; do
		pid_of "$_id"
		ends "$_id"
		wait "$pid"
		_ended=$?
		assertEquals "$_id: $(cat "$work/$_id.out")" 0 $_ended
		grep -q "^ok .*$_pattern" "$work/$_id.out" ||
			fail "$_id: \"$_pattern\" expected: $(cat "$work/$_id.out")"
	done
}

# traced_thread: $traced is the name of a thread of $pid that has a tracer
traced_thread() {
	for _status in "/proc/$pid/task"/*/status; do
		while read -r _name _value; do
			case $_name in
			Name:) traced=$_value ;;
			TracerPid:) [ "$_value" = 0 ] || return 0 ;;
			esac
		done 2>/dev/null <"$_status"
	done
	traced=none
	return 1
}

# The state of a container whose init is ID: the hook fails where it does not succeed.
state() {
	pid_of "$1"
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":%d,"bundle":"/b",%s}' \
		"$1" "$pid" \
		'"annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}' >"$work/$1.state"
}
