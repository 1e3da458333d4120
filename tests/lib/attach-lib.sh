# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154 # lists are split; variables of common.sh and the suite
# Containers to attach to, for suites that have lib/bundle.sh, and what the kernel says of their processes.
# Their names begin with $id, which is the suite's.

suite_setup() {
	rootfs_make "$work/root"
	cp "$BUILD/attach/grow" "$BUILD/attach/forker" "$work/root/bin/"
	started=
}

suite_teardown() {
	for _c in $started; do runc delete -f "$_c" 2>/dev/null; done
	for _d in /sys/fs/cgroup/freezer /sys/fs/cgroup/memory; do
		[ ! -d "$_d/$id" ] || rmdir "$_d/$id"
	done
}

# container NAME COMMAND...: started in the background
container() {
	_name=$1
	shift
	bundle_make "$work/b-$_name" "$work/root" '{}' '{}' "$@"
	started="$started $_name"
	runc run -d -b "$work/b-$_name" "$_name" </dev/null >"$work/$_name.out" 2>&1
}

pids_of() {
	runc ps -f json "$1" | jq -r '.[]'
}

# marked yes|no PID...: how many of them the kernel says that about
marked() {
	_want=$1 _n=0
	shift
	for _p; do
		! grep -qs "^ksm_merge_any: $_want" "/proc/$_p/ksm_stat" || _n=$((_n + 1))
	done
	echo $_n
}

# has N CONTAINER: so many processes are in it
has() {
	[ "$(pids_of "$2" | wc -l)" -ge "$1" ]
}

# another CONTAINER: has been started in it since $before, the list of its processes then
another() {
	pids_of "$1" | grep -qvxF "$before"
}

# comms NAME PID...: how many of them have the name, which they have once they are in the program
comms() {
	_comm=$1 _n=0
	shift
	for _p; do
		[ "$(cat "/proc/$_p/comm" 2>/dev/null)" != "$_comm" ] || _n=$((_n + 1))
	done
	echo $_n
}

# all_are yes|no CONTAINER: and some are there; a process may end while it is asked
all_are() {
	_no=no
	[ "$1" = yes ] || _no=yes
	_pids=$(pids_of "$2")
	assertEquals "$2: mergeable: $_no: $(said)" 0 "$(marked $_no $_pids)"
	assertNotEquals "$2: mergeable: $1" 0 "$(marked "$1" $_pids)"
}

# unmarked_mappings PID: those that could merge and are not marked; marked_mappings
unmarked_mappings() {
	awk '/^VmFlags:/ && / wr / && !/ (sh|ms|io|pf|de|ht|mm|dp) / && !/ mg /' "/proc/$1/smaps" | wc -l
}
marked_mappings() {
	grep -c '^VmFlags:.* mg ' "/proc/$1/smaps"
}

attach() {
	"$KSM_HOOK" attach "$@" >"$work/said" 2>"$work/err"
}
detach() {
	"$KSM_HOOK" detach "$@" >"$work/said" 2>"$work/err"
}
said() {
	cat "$work/said" "$work/err"
}

# fails PATTERN STATUS COMMAND...: with one line on stderr and nothing else
fails() {
	_pattern=$1 _status=$2
	shift 2
	"$@" >"$work/said" 2>"$work/err"
	_ended=$?
	assertEquals "$*: $(said)" "$_status" $_ended
	grep -q -- "$_pattern" "$work/err" || fail "$*: \"$_pattern\" expected: $(said)"
	assertEquals "$*: one line" 1 "$(wc -l <"$work/err")"
	assertEquals "$*: stdout" "" "$(cat "$work/said")"
}
