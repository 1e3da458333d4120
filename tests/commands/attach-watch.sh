#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attach, and what comes later: memory that is mapped, processes that enter, or are forked all the time.
# needs: containers
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/attach-lib.sh"

id=ksmwatch-$$

test_madvise_and_watch() {
	container $id-w /bin/grow
	wait_for 30 test -s "$work/$id-w.out"
	p=$(pids_of $id-w)
	attach --method=madvise $id-w
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals 0 "$(marked yes "$p")"
	assertEquals 0 "$(unmarked_mappings "$p")"
	kill -USR1 "$p"
	wait_for 10 eval "[ \$(unmarked_mappings $p) -ne 0 ]" # it grew without the mark
	"$KSM_HOOK" attach --method=madvise --watch=1 $id-w >"$work/watch" 2>&1 &
	watch=$!
	for _ in 1 2 3; do
		_grown=$(wc -l <"$work/$id-w.out")
		kill -USR1 "$p"
		wait_for 10 eval "[ \$(wc -l <'$work/$id-w.out') -gt $_grown ]"
		wait_for 10 eval "[ \$(unmarked_mappings $p) -eq 0 ]" || fail "not kept up: $(cat "$work/watch")"
	done
	kill -TERM $watch
	wait $watch
	assertEquals "ended by a signal" 0 $?
	# and by the end of what it watches
	"$KSM_HOOK" attach --method=madvise --watch=1 $id-w >"$work/watch" 2>&1 &
	watch=$!
	wait_for 10 grep -q . "$work/watch"
	detach --method=madvise $id-w
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	kill -TERM "$p"
	wait_for 30 eval "! kill -0 $watch 2>/dev/null" || fail "it goes on watching"
	wait $watch
	assertEquals 0 $?
	assertEquals "its memory is as it was" ok "$(tail -n 1 "$work/$id-w.out")"
}

test_watch_marks_those_who_enter() {
	container $id-e /bin/sleep 1000
	"$KSM_HOOK" attach --watch=1 $id-e >"$work/watch" 2>&1 &
	watch=$!
	wait_for 10 eval "[ \$(marked yes \$(pids_of $id-e)) -eq 1 ]"
	runc exec -d $id-e /bin/sleep 1001
	wait_for 30 eval "[ \$(marked yes \$(pids_of $id-e)) -eq 2 ]" || fail "$(cat "$work/watch")"
	kill $watch
	wait $watch
	assertEquals 0 $?
}

# forking tree|relay RATE_US: of a container that forks all the time none is missed
forking() {
	name=$1
	container $id-$name /bin/forker "$2" 40 3 "$name"
	before=$(pids_of $id-$name)
	wait_for 10 another $id-$name
	attach $id-$name
	_ended=$?
	assertEquals "$name: $(tail -n 3 "$work/said" "$work/err")" 0 $_ended
	all_are yes $id-$name
	echo "$name: $(tail -n 1 "$work/said")"
	wait_for 30 grep -q '^rests' "$work/$id-$name.out"
	all_are yes $id-$name
	runc delete -f $id-$name
}

test_forking_all_the_time() {
	forking tree 1000
	forking relay 20000
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
