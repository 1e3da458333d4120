#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Thousands of injections, off and on again, into every kind of victim on a busy machine:
# no result is wrong. Prints for how long the targets were stopped.
# needs: containers
# shellcheck disable=SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/inject-lib.sh"

# soak VICTIM ROUNDS PATTERN-OF-RESULTS PATTERN-OF-ITS-END [DRIVE OPTION...]
soak() {
	v=$1 rounds=$2 results=$3 end=$4
	shift 4
	start "$v" "$v" 5 120000
	ready "$v"
	pid_of "$v"
	said=$("$drive" "$@" -r "$rounds" "$pid" 2>&1)
	printf '%-22s %s\n' "$v" "$said"
	echo "$said" | grep -Eq "^($results)[|]" || fail "$v: $said"
	[ "$v" = vfork ] || mergeable "$v" yes
	ended "$end" "$v"
}

under_load() {
	nice -n 5 "$victims/cpu" 240000 100 >"$work/load.1" &
	load=$!
	"$@"
	kill $load
	wait $load 2>/dev/null
	assertEquals "" "$(grep WRONG "$work/load.1")"
}

restarting() {
	for v in $restarts seccomp $go_victim; do
		case $v in
		epoll*) soak "$v" 3000 'ok 3000 ' ' 0 cut short' ;;
		*) soak "$v" 3000 'ok 3000 ' "$untouched" ;;
		esac
	done
}

test_thousands_into_each() {
	under_load restarting
}

# A time-out is no failure where a thread computes, or waits for its child's exec.
hard() {
	soak mutex 1000 '(ok [0-9]+ )?(ETIMEDOUT [0-9]+ )?' "$untouched" -t 20
	soak mutex:idle 3000 'ok 3000 ' "$untouched"
	soak cpu:idle 3000 'ok 3000 ' "$untouched"
	soak vfork 500 '(ok [0-9]+ )?(ETIMEDOUT [0-9]+ )?' "$untouched" -t 20
}

test_hundreds_into_those_that_make_it_hard() {
	under_load hard
}

# Its filter is in force whenever it runs: none of these windows is open.
test_ten_thousand_windows_of_a_filter() {
	soak spin 10000 'ok 10000 ' "$untouched" -t 5000
}

# Another thread's exec ends the thread that was picked, or gives its number to another one:
# then the process is looked at again, and all come to an end as they should. On a busy machine such a try takes as
# long as the kernel's exec does, and there are several: two thirds of a second was seen with two others that compute.
executing() {
	start exec exec 0 240000
	ready exec
	pid_of exec
	said=$("$drive" -t 5000 -r 3000 "$pid" 2>&1)
	printf '%-22s %s\n' exec "$said"
	echo "$said" | grep -Eq '^ok 3000 [|]' || fail "exec: $said"
	ended "$untouched" exec
}

test_thousands_into_a_process_that_executes_all_the_time() {
	under_load executing
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
