#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The exec race: before a backport of 590c03ca6a3f a ksmd that scans fast can take the mark
# from a process that is in exec. 2,000 starts (STARTS) with ksmd as fast as it can: how many
# containers are without the mark before poststart has looked, and that none is after.

: "${STARTS:=2000}"

suite_setup() {
	. "$top/tests/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	printf 'int pause(void);\nint main(void)\n{\n\tpause();\n}\n' >"$work/pause.c"
	musl-gcc -static -o "$root/bin/pause" "$work/pause.c"
	musl-gcc -O2 -static -o "$work/judge" "$top/tests/race/judge.c"
	echo '{}' >"$work/config.json"
	hooks=$(hooks_json createRuntime poststart | jq --arg judge "$work/judge" --arg file "$work/seen" '
		.poststart = [{path: $judge, args: ["judge", "before", $file, "/bin/pause"]}] +
			.poststart +
			[{path: $judge, args: ["judge", "after", $file, "/bin/pause", "kill"]}]')
	# something to scan, so that ksmd is never idle
	"$KSM_HOOK" run perl -e '$x = join "", map { rand() } 1 .. 3000000; sleep 900' &
	busy=$!
	echo 20000 >$ksm/pages_to_scan
	echo 0 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
}

starts() { # NUMBER FROM: one container after the other
	_i=0
	while [ $_i -lt "$1" ]; do
		runc run -b "$work/bundle$2" "ksmrace-$$-$2-$_i" </dev/null >/dev/null 2>&1
		_i=$((_i + 1))
	done
}

testNoneIsWithoutTheMarkAfterPoststart() {
	for _w in 1 2; do
		bundle_make "$work/bundle$_w" "$root" "$hooks" '{"io.ksm.merge":"true"}' /bin/pause
	done
	starts $((STARTS / 2)) 1 &
	_other=$!
	starts $((STARTS / 2)) 2
	wait $_other
	_before=$(grep -c '^before no' "$work/seen")
	_after=$(grep -c '^after no' "$work/seen")
	echo "$STARTS starts: $_before without the mark before the check, $_after after"
	assertEquals "every start was judged twice" $((STARTS * 2)) "$(wc -l <"$work/seen")"
	assertEquals "without the mark after poststart" 0 "$_after"
}

suite_teardown() {
	[ -z "${busy:-}" ] || kill "$busy"
	for _id in $(runc list -q | grep "^ksmrace-$$"); do runc delete -f "$_id"; done
}

. "$(dirname "$0")/lib.sh"
