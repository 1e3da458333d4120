#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The exec race: before a backport of 590c03ca6a3f a ksmd that scans fast can take the setting
# from a process that is in exec. 2,000 starts (STARTS) with ksmd as fast as it can: how many
# containers are not mergeable before poststart has looked, and that none is after.
#
# crun runs poststart hooks behind the start, so a judge before and one after ksm-hook see
# both. runc runs them before the workload's exec; there the judge comes last, from outside.
# needs: machine ksmd

: "${STARTS:=2000}"

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	printf 'int pause(void);\nint main(void)\n{\n\tpause();\n}\n' >"$work/pause.c"
	musl-gcc -static -o "$root/bin/pause" "$work/pause.c"
	musl-gcc -O2 -static -o "$work/judge" "$top/tests/programs/judge.c"
	echo '{}' >"$work/config.json"
	# something to scan, so that ksmd is never idle
	"$KSM_HOOK" run perl -e '$x = join "", map { rand() } 1 .. 3000000; sleep 1800' &
	busy=$!
	echo 20000 >$ksm/pages_to_scan
	echo 0 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
}

# lost before|after: containers that are not mergeable, and how
lost() {
	grep "^$1 not-" "$work/seen" | sort | uniq -c | awk '{ print $1, $3 }' | paste -sd,
}

testCrun() {
	hooks=$(hooks_json createRuntime poststart | jq --arg judge "$work/judge" --arg file "$work/seen" '
		.poststart = [{path: $judge, args: ["judge", "before", $file, "/bin/pause"]}] +
			.poststart +
			[{path: $judge, args: ["judge", "after", $file, "/bin/pause", "kill"]}]')
	: >"$work/seen"
	bundle_make "$work/bundle" "$root" "$hooks" '{"io.ksm.merge":"true"}' /bin/pause
	unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup
		i=0
		while [ $i -lt $2 ]; do
			crun --root "$1/crun" --cgroup-manager=disabled run -b "$1/bundle" ksmrace-$i
			i=$((i + 1))
		done' sh "$work" "$STARTS" </dev/null >/dev/null 2>&1
	_before=$(lost before)
	echo "crun, $STARTS starts: before the check ${_before:-none} lost the setting, after it $(lost after)"
	assertEquals "every start was judged twice" $((STARTS * 2)) "$(wc -l <"$work/seen")"
	assertEquals "not mergeable after poststart" "" "$(lost after)"
}

testRunc() {
	_n=$((STARTS / 10)) _i=0
	: >"$work/seen"
	bundle_make "$work/bundle" "$root" "$(hooks_json createRuntime poststart)" \
		'{"io.ksm.merge":"true"}' /bin/pause
	while [ $_i -lt $_n ]; do
		runc run -d -b "$work/bundle" "ksmrace-$$" </dev/null >/dev/null 2>&1
		sleep 0.1 # the verifier looks for the exec every 50 ms at the least
		runc state "ksmrace-$$" | "$work/judge" after "$work/seen" /bin/pause kill
		runc delete -f "ksmrace-$$"
		_i=$((_i + 1))
	done
	echo "runc, $_n starts: after the check $(lost after)"
	assertEquals "every start was judged" $_n "$(wc -l <"$work/seen")"
	assertEquals "not mergeable after poststart" "" "$(lost after)"
}

suite_teardown() {
	[ -z "${busy:-}" ] || kill "$busy"
	for _id in $(runc list -q | grep "^ksmrace-$$"); do runc delete -f "$_id"; done
}

. "$(dirname "$0")/../lib/common.sh"
