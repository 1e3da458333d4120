# shellcheck shell=sh disable=SC2034 # suites use the names
# SPDX-License-Identifier: Apache-2.0
# What every shunit2 suite shares (tests/README.md): a private work directory, locks for what the
# machine has only once, ksmd put back as it was, skips that are named, and the count that
# tests/run adds up.
#
# A suite defines test* functions and, where it needs them, suite_setup, suite_teardown,
# each_setup and each_teardown; its last line is:  . "$(dirname "$0")/../lib/common.sh"
# (sourcing this file runs the suite). CASE="testA test_b*" runs these tests only.
#
# A test that makes no assertion fails; so do a suite without tests and one whose setup fails.

top=$(cd "$(dirname "$0")/../.." && pwd)
: "${BUILD:=$top/build}"
KSM_HOOK=$BUILD/ksm-hook
ksm=/sys/kernel/mm/ksm
suite=$(basename "$0" .sh)
umask 022
# a test may have a look at what number the next descriptor gets
exec </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
SHUNIT_COLOR=none

# skip REASON: counted once for a test, and named; tests/run fails on it in CI unless
# tests/skips.txt names the suite, the test and the reason.
skip() {
	_test_skipped=1
	echo "SKIP $suite:${_shunit_test_:-$suite}: $1"
}

# poll SECONDS COMMAND...: until the command succeeds, or 1 after the time, which tests/falses
# shortens. In a guest whose clock passes over what it sleeps, looks are what costs (tests/kernels/guest)
poll() {
	_deadline=$(($(date +%s) + ($1 <= ${KSM_TEST_PATIENCE:-$1} ? $1 : KSM_TEST_PATIENCE)))
	shift
	until "$@"; do
		[ "$(date +%s)" -le "$_deadline" ] || return 1
		sleep "${KSM_TEST_POLL:-0.05}" # between two looks
	done
}

# wait_for SECONDS COMMAND...: the same, and it is a failure of the test if the time is up.
# The command is run again and again: no $(...) among its words. The seconds are those of an idle machine;
# where suites run beside each other, and others' machines beside this one, it may take several times as long.
wait_for() {
	_seconds=$(($1 * 4))
	shift
	poll $_seconds "$@" && return
	fail "waited $_seconds s in vain for: $*"
	return 1
}

# traced_beside FILE OPTION... COMMAND...: a hook and its children, by strace, whose lines are in FILE; its exit status.
# strace stands beside and not above it, since what is above a hook is taken for the runtime, and a process that is
# older than that for somebody else's.
traced_beside() {
	_traces=$1
	shift
	strace -D -f -q -o "$_traces" "$@"
	_traced=$?
	_is_whole() {
		awk '!seen[$1]++ { n++ } /^[0-9]+ +[+]{3} (exited|killed)/ { n-- } END { exit NR == 0 || n != 0 }' "$_traces"
	}
	wait_for 20 _is_whole
	return $_traced
}

# cgroup_removed NAME: it is gone from each hierarchy, with all below it
cgroup_removed() {
	# a suite that was terminated before it made any: all are others'
	[ -n "$1" ] || return 0
	for _dir in /sys/fs/cgroup/*/"$1" /sys/fs/cgroup/"$1"; do
		[ ! -d "$_dir" ] || find "$_dir" -depth -type d -exec rmdir {} + || return 1
	done
}

# says_merged WHAT yes|no: $out, with the ksm_stat of a process of WHAT in it
says_merged() {
	assertContains "$1: $out" "$out" "ksm_merge_any: $2"
}

# lock NAME [-s]: held until unlock NAME, or this shell's end. A process of its own holds it,
# since whatever a test leaves running would inherit a descriptor.
lock() {
	[ -d /run/lock ] && [ -w /run/lock ] || return 0
	case " ${KSM_TEST_LOCKS:-} ${_locks:-} " in *" $1 "*) return 0 ;; esac
	rm -f "$work/lock.$1"
	setpriv --pdeathsig KILL flock -F ${2:-} "/run/lock/ksm-hook-tests.$1" \
		sh -c ': >"$1" && exec sleep 86400' sh "$work/lock.$1" >/dev/null 2>&1 &
	echo $! >"$work/lock.$1.pid"
	until [ -e "$work/lock.$1" ]; do sleep 0.05; done
	_locks="${_locks:-} $1"
}

unlock() {
	case " ${_locks:-} " in *" $1 "*) ;; *) return 0 ;; esac
	read -r _holder <"$work/lock.$1.pid"
	kill -KILL "$_holder"
	wait "$_holder" 2>/dev/null
	_locks=$(echo " $_locks " | sed "s/ $1 / /")
	return 0
}

# config_folder_take: /etc/ksm-hook is there, to mount something of the suite's own on it. Whoever is the last to need it
# takes it away, if suites made it: a folder that is removed takes with it what others have mounted on it.
config_folder_take() {
	lock config-folder -s
	if mkdir /etc/ksm-hook 2>/dev/null; then : >/run/lock/ksm-hook-tests.config-folder.made; fi
	[ -d /etc/ksm-hook ]
}

config_folder_leave() {
	unlock config-folder
	flock -n /run/lock/ksm-hook-tests.config-folder sh -c '[ ! -e "$1.made" ] || { rmdir /etc/ksm-hook; rm "$1.made"; }' \
		sh /run/lock/ksm-hook-tests.config-folder
	true
}

# needs WORD: what the suite's "# needs:" line says (tests/README.md)
needs() {
	sed -n 's/^# needs: //p' "$0" | grep -qw -e "$1"
}

# ksmd_take: for a test that changes ksmd's settings, or relies on them, in a suite that does not
# need ksmd throughout. No other test has it until this one ends, when the settings are put back.
ksmd_take() {
	lock ksmd
	ksm_save
}

# ksm_stand_in: in a mount namespace of the suite's own, files in the place of ksmd's, which say
# that it runs, and no state of the host's. For suites that are about something else: nothing is
# merged, and none waits for another.
ksm_stand_in() {
	mkdir "$work/ksm"
	for _f in "$ksm"/*; do
		cat "$_f" >"$work/ksm/${_f##*/}" || return 1
	done
	echo 1 >"$work/ksm/run"
	mount --bind "$work/ksm" "$ksm" && mkdir -p /run/ksm-hook &&
		mount -t tmpfs -o mode=755 none /run/ksm-hook
}

ksm_save() {
	[ ! -e "$work/ksm.saved" ] || return 0
	for _f in run pages_to_scan sleep_millisecs use_zero_pages smart_scan advisor_mode; do
		[ -e $ksm/$_f ] || continue
		echo "$_f $(sed 's/.*\[\(.*\)\].*/\1/' $ksm/$_f)"
	done >"$work/ksm.saved"
}

# advisor_mode last: while it is on, pages_to_scan cannot be written
ksm_restore() {
	[ -e "$work/ksm.saved" ] || return 0
	[ ! -e $ksm/advisor_mode ] || echo none >$ksm/advisor_mode
	while read -r _f _v; do
		echo "$_v" >"$ksm/$_f" 2>/dev/null
	done <"$work/ksm.saved"
}

oneTimeSetUp() {
	. "$top/tests/lib/asserts.sh"
	work=$(mktemp -d "${TMPDIR:-/tmp}/ksm-hook.$suite.XXXXXX") || exit 1
	chmod 755 "$work"
	passed=0 failed=0 skipped=0 in_test=
	# always in this order, so that no two suites wait for each other
	if needs machine; then lock containers; elif needs containers; then lock containers -s; fi
	if needs ksmd; then ksmd_take; fi
	if command -v suite_setup >/dev/null; then suite_setup; fi
	if [ "$__shunit_assertsFailed" -ne 0 ]; then
		echo "$suite: its setup failed"
		exit 1
	fi
}

setUp() {
	in_test=$_shunit_test_ _test_skipped=0
	_asserts_before=$__shunit_assertsTotal
	if command -v each_setup >/dev/null; then each_setup; fi
	return 0
}

# shunit2 calls this once more at the end, or when a test ends the shell
tearDown() {
	[ -n "$in_test" ] || return 0
	in_test=
	if command -v each_teardown >/dev/null; then each_teardown; fi
	if ! needs ksmd; then
		ksm_restore
		rm -f "$work/ksm.saved"
		unlock ksmd
	fi
	if [ "$__shunit_assertsTotal" -eq "$_asserts_before" ] && [ $_test_skipped -eq 0 ]; then
		fail "$_shunit_test_ asserts nothing"
	fi
	if [ "$__shunit_testSuccess" -ne 0 ] || [ "$__shunit_clean" -eq "$SHUNIT_TRUE" ]; then
		failed=$((failed + 1))
	elif [ $_test_skipped -ne 0 ]; then
		skipped=$((skipped + 1))
	else
		passed=$((passed + 1))
	fi
	return 0
}

# shunit2 2.1.8 calls this twice, the second time when this shell ends: a first time then means
# that it ended before its last test did
oneTimeTearDown() {
	[ -n "${work:-}" ] || return 0
	_asserts_before=$__shunit_assertsFailed
	if command -v suite_teardown >/dev/null; then suite_teardown; fi
	ksm_restore
	for _lock in ${_locks:-}; do unlock "$_lock"; done
	cd /
	rm -rf "$work"
	work=
	if [ "$__shunit_clean" -eq "$SHUNIT_TRUE" ]; then
		[ "$__shunit_testsTotal" -ne 0 ] || echo "$suite: no test${CASE:+ $CASE}"
		[ "$failed" -ne 0 ] || failed=1
	elif [ "$__shunit_assertsFailed" -ne "$_asserts_before" ]; then
		echo "$suite: its end failed"
		failed=$((failed + 1))
	elif [ "$failed" -ne "$__shunit_testsFailed" ] || [ $((passed + skipped)) -ne "$__shunit_testsPassed" ]; then
		echo "$suite: shunit2 counts $__shunit_testsPassed passed, $__shunit_testsFailed failed"
		failed=$((failed + 1))
	fi
	# what shunit2 makes its exit status of
	[ "$__shunit_testsFailed" -ge "$failed" ] || __shunit_testsFailed=$failed
	echo "$passed passed, $failed failed, $skipped skipped"
}

# Which tests there are: shunit2 itself would also take those in texts that a suite writes.
suite() {
	for _function in $(sed -n 's/^\(test[A-Za-z0-9_-]*\) *().*/\1/p' "$0"); do
		if [ -z "${CASE:-}" ]; then
			suite_addTest "$_function"
			continue
		fi
		for _case in $(set -f && echo $CASE); do
			# shellcheck disable=SC2254 # a pattern
			case $_function in $_case) suite_addTest "$_function" && break ;; esac
		done
	done
	# shunit2 would look for itself
	[ -n "$__shunit_suite" ] || exit 1
}

. shunit2
