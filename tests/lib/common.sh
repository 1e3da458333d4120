# shellcheck disable=SC2034 # suites use the names
# SPDX-License-Identifier: Apache-2.0
# What every shunit2 suite shares: a private work directory, ksmd put back as it
# was, skips that are named, and the count that tests/run adds up.
#
# A suite defines test* functions and, where it needs them, suite_setup and
# suite_teardown; its last line is:  . "$(dirname "$0")/../lib/common.sh"
# (sourcing this file runs the suite).

top=$(cd "$(dirname "$0")/../.." && pwd)
: "${BUILD:=$top/build}"
KSM_HOOK=$BUILD/ksm-hook
ksm=/sys/kernel/mm/ksm
suite=$(basename "$0" .sh)
skipped=0

# skip REASON: counted and named; tests/run fails on it in CI unless
# tests/skips.txt names the suite, the test and the reason.
skip() {
	skipped=$((skipped + 1))
	echo "SKIP $suite:${_shunit_test_:-$suite}: $1"
}

# wait_for SECONDS COMMAND...: until the command succeeds, or 1 after the time
wait_for() {
	_deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$_deadline" ] || return 1
		sleep 0.05
	done
}

ksm_save() {
	for _f in run pages_to_scan sleep_millisecs use_zero_pages smart_scan advisor_mode; do
		[ -e $ksm/$_f ] || continue
		echo "$_f $(sed 's/.*\[\(.*\)\].*/\1/' $ksm/$_f)"
	done >"$work/ksm.saved"
}

# advisor_mode last: while it is on, pages_to_scan cannot be written
ksm_restore() {
	[ -e "$work/ksm.saved" ] || return 0
	while read -r _f _v; do
		echo "$_v" >"$ksm/$_f" 2>/dev/null
	done <"$work/ksm.saved"
}

oneTimeSetUp() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/ksm-hook.$suite.XXXXXX") || exit 1
	chmod 755 "$work"
	ksm_save
	if command -v suite_setup >/dev/null; then suite_setup; fi
}

oneTimeTearDown() {
	[ -n "${work:-}" ] || return 0 # shunit2 2.1.8 calls this twice
	if command -v suite_teardown >/dev/null; then suite_teardown; fi
	ksm_restore
	rm -rf "$work"
	work=
	echo "$((__shunit_testsPassed - skipped)) passed, $__shunit_testsFailed failed, $skipped skipped"
}

. shunit2
