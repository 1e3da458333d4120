# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A tenant, in a cgroup as an engine names it, who keeps the mmap locks of his processes for ever
# (programs/hold-lock.c), and a neighbour in another.

# An answer takes one to three seconds; who waits for the tenant never comes back.
limit=45

# locks_setup: the two containers
locks_setup() {
	PATH=$BUILD:$PATH
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	# containers, as engines name them
	tenant=$v2/docker-$(printf 'a%063d' $$).scope
	other=$v2/docker-$(printf 'b%063d' $$).scope
	mkdir "$tenant" "$other" "$work/mnt"
	chmod 777 "$work/mnt"
	# its own: the machine's is not everybody's
	mknod -m 666 "$work/fuse" c 10 229
	# who scans takes these locks
	echo 0 >$ksm/run
	"$KSM_HOOK" run -- sleep 1000 2>/dev/null &
	neighbour=$!
	echo $neighbour >"$other/cgroup.procs"
	wait_for 20 is_mergeable yes $neighbour
}

suite_setup() { locks_setup; }

suite_teardown() {
	release
	kill $neighbour
	_gone() {
		rmdir "$tenant" "$other" 2>/dev/null
		[ ! -e "$tenant" ] && [ ! -e "$other" ]
	}
	wait_for 20 _gone
}

each_teardown() { release; }

is_mergeable() { grep -q "ksm_merge_any: $1" "/proc/$2/ksm_stat"; }

# hold COUNT [read|late|slow]: processes of the tenant, in $held; they are mergeable
hold() {
	: >"$work/held"
	# without a shell between, whose end would be waited for
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$tenant" \
		"$BUILD/tests/hold-lock" "$work/fuse" "$work/mnt" "$@" >"$work/held" 2>"$work/hold-lock" &
	holder=$!
	_count=$1
	_held() { [ "$(grep -c '^held\|^ready' "$work/held")" -eq "$_count" ] || grep -qs '^State:.Z' /proc/$holder/status; }
	wait_for 60 _held
	held=$(sed -n 's/^held //p; s/^ready //p' "$work/held")
	assertEquals "$(cat "$work/hold-lock")" "$1" "$(echo "$held" | grep -c .)"
}

# their end is a KILL's: in the wait for the lock nothing else comes through
release() {
	[ -n "$holder" ] || return 0
	# those too that have not said yet that they hold it
	xargs kill -KILL $holder $held <"$tenant/cgroup.procs" 2>/dev/null
	wait $holder 2>/dev/null
	holder=
	_ended() { for _pid in $held; do [ ! -e "/proc/$_pid" ] || return 1; done; }
	wait_for 20 _ended
}

# shellcheck disable=SC2034 # for the suites
# ask COMMAND...: its output in $out and $said, its status in $rc; it has to come to an end
ask() {
	timeout -s KILL $limit "$KSM_HOOK" "$@" >"$work/out" 2>"$work/said"
	rc=$?
	out=$(cat "$work/out") said=$(cat "$work/said")
	assertNotEquals "$* waits for ever" 137 $rc
}
