#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process that parses holds no power: what it tries is the end of it, and of no more.

faults=${BUILD:-$(dirname "$0")/../../build}/ksm-hook-faults

suite_setup() {
	echo '{}' >"$work/plain.json"
	echo '{"required": true}' >"$work/required.json"
	printf '{"id":"c1","pid":1,"annotations":{"io.ksm.merge":"true"}}' >"$work/state"
}

# attack WHAT CONFIG STATUS CODE TEXT: one line with both, the exit status, and no longer than 5 s
attack() {
	KSM_FAULT=parser:$1 timeout -s KILL 5 "$faults" createRuntime \
		--config "$work/$2.json" <"$work/state" >"$work/out" 2>"$work/err"
	assertEquals "$1 $2: exit status" "$3" $?
	assertEquals "$1 $2: lines" 1 "$(wc -l <"$work/err")"
	assertContains "$1 $2" "$(cat "$work/err")" " reason=$4: "
	assertContains "$1 $2" "$(cat "$work/err")" "$5"
	assertEquals "$1 $2: stdout" "" "$(cat "$work/out")"
}

# A merge that config.json requires is refused, whatever the parser dies of: the word of
# the administrator is read again, without the text that killed it.
attack_both() {
	attack "$1" plain 0 "$2" "not made mergeable: the parser "
	attack "$1" required 1 "$2" "the container is refused: the parser "
}

test_a_file_cannot_be_opened() {
	attack_both open parser-failed
	assertContains "$(cat "$work/err")" "tried a system call that it must not make"
}

test_a_socket_cannot_be_made() {
	attack_both socket parser-failed
	assertContains "$(cat "$work/err")" "tried a system call that it must not make"
}

test_a_crash_is_reported() {
	attack_both crash parser-failed
}

test_a_hang_ends() {
	attack_both hang parser-timeout
}

test_a_lie_is_not_believed() {
	attack_both lie parser-reply
}

# Without the filter the same attacks succeed, so it is the filter that stops them.
test_the_faults_are_real() {
	cat >"$work/bare.c" <<-'EOF'
		#include "base/fault_injection.h"
		int main(void) { char c; fault_in_parser(&c, 1); return 3; }
	EOF
	${CC:-cc} -D_GNU_SOURCE -DKSM_TEST_FAULTS -I"$top/hook" -o "$work/bare" \
		"$work/bare.c" "$top/hook/base/fault_injection.c"
	assertEquals compiled 0 $?
	KSM_FAULT=parser:open "$work/bare"
	assertEquals "open works" 10 $?
	KSM_FAULT=parser:socket "$work/bare"
	assertEquals "socket works" 10 $?
}

status_field() {
	sed -n "s/^$1:[[:space:]]*//p" "$work/status"
}

parser_of() {
	parser=$(tr -d ' ' <"/proc/$1/task/$1/children" 2>/dev/null)
	[ -n "$parser" ] && [ "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$parser/status")" = 2 ]
}

test_a_hanging_parser_seen_from_outside() {
	KSM_FAULT=parser:hang "$faults" createRuntime --config "$work/plain.json" \
		<"$work/state" 2>"$work/err" &
	hook=$!
	wait_for 30 parser_of $hook || fail "no confined child of $hook"
	cat "/proc/$parser/status" >"$work/status"
	for fd in "/proc/$parser/fd/"*; do
		echo "${fd##*/} $(readlink "$fd")"
	done >"$work/fds"
	for set in CapInh CapPrm CapEff CapAmb; do
		assertEquals "$set" 0000000000000000 "$(status_field $set)"
	done
	assertEquals NoNewPrivs 1 "$(status_field NoNewPrivs)"
	assertEquals Seccomp 2 "$(status_field Seccomp)"
	assertEquals "open files: $(cat "$work/fds")" 1 "$(wc -l <"$work/fds")"
	assertContains "$(cat "$work/fds")" "0 pipe:"
	wait $hook
	assertEquals "exit status" 0 $?
	assertFalse "the parser is still there" "[ -e /proc/$parser/fd/0 ]"
}

# It goes down with its parent, too.
test_the_parser_does_not_outlive_the_hook() {
	KSM_FAULT=parser:hang "$faults" createRuntime --config "$work/plain.json" \
		<"$work/state" 2>"$work/err" &
	hook=$!
	wait_for 30 parser_of $hook || fail "no confined child of $hook"
	kill -KILL $hook
	wait $hook 2>/dev/null
	assertTrue "the parser is still there" "wait_for 30 test ! -e /proc/$parser/fd/0"
}

# What is installed has no such switches.
test_the_program_ignores_the_switches() {
	KSM_FAULT=parser:crash "$KSM_HOOK" createRuntime --config "$work/plain.json" \
		<"$work/state" 2>"$work/err"
	assertEquals "exit status" 0 $?
	assertContains "$(cat "$work/err")" "process 1 is not a child of the runtime"
	assertFalse "the name of a switch" "grep -q KSM_FAULT '$KSM_HOOK'"
	assertTrue "the test cannot see it" "grep -q KSM_FAULT '$faults'"
}

. "$(dirname "$0")/../lib/common.sh"
