#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Equal pages are one copy in the end: of containers under runc, and of programs with the preload library.
# needs: containers ksmd
# shellcheck disable=SC1091,SC2154 # what common.sh and bundle.sh set

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root" /usr/bin/perl
	hooks=$(hooks_json createRuntime)
	merge='{"io.ksm.merge":"true"}'
	lib=$BUILD/libksm_preload.so
}

suite_teardown() {
	for _id in $(runc list -q | grep "^ksmmerged-$$"); do runc delete -f "$_id"; done
}

# equal data in four containers is one copy, and ps says so
testMemoryIsReallyMerged() {
	for _i in 1 2 3 4; do
		bundle_make "$work/b$_i" "$root" "$hooks" "$merge" /usr/bin/perl -e \
			'$x = join "", map { sprintf "%04096d", $_ } 1 .. 2000; sleep 60'
		runc run -d -b "$work/b$_i" "ksmmerged-$$-$_i" >/dev/null 2>&1 </dev/null
	done
	echo 5000 >$ksm/pages_to_scan
	echo 1 >$ksm/run
	_merged() {
		[ "$("$KSM_HOOK" ps --json | jq "[.[] | select(.id | startswith(\"ksmmerged-$$\")) | .merged_bytes] | add")" -gt 24000000 ]
	}
	wait_for 30 _merged
	_ended=$?
	assertTrue "merged: $("$KSM_HOOK" ps)" $_ended
	out=$("$KSM_HOOK" ps --json | jq -c "[.[] | select(.id | startswith(\"ksmmerged-$$\"))] |
		[length, (map(.engine) | unique | .[]), (map(.mergeable) | unique | .[])]")
	assertEquals '[4,"runc",true]' "$out"
	assertContains "$("$KSM_HOOK" status)" "running"
	for _i in 1 2 3 4; do runc delete -f "ksmmerged-$$-$_i"; done
}

pages_of() {
	awk '$1 == "ksm_merging_pages" { print $2 }' "/proc/$1/ksm_stat"
}

both_merge() {
	[ "$(pages_of "$a")" -gt 3000 ] && [ "$(pages_of "$b")" -gt 3000 ]
}

testTheLibrarysPages() {
	for f in "advisor_mode none" "pages_to_scan 20000" "sleep_millisecs 0" "run 1"; do
		echo "${f#* }" >"$ksm/${f% *}" 2>/dev/null
	done
	for mode in prctl madvise; do
		for p in 1 2; do
			LD_PRELOAD=$lib KSM_PRELOAD=$mode perl -e \
				'$x .= sprintf("%08d", $_) x 512 for 1..5000; open F, ">", shift; sleep 60' \
				"$work/ready.$mode.$p" &
			if [ $p = 1 ]; then a=$!; else b=$!; fi
		done
		wait_for 10 test -e "$work/ready.$mode.2"
		wait_for 20 both_merge
		_ended=$?
		assertTrue "$mode: $(pages_of "$a") and $(pages_of "$b") pages merged" $_ended
		kill "$a" "$b"
		wait "$a" "$b" 2>/dev/null
	done
	return 0
}

. "$(dirname "$0")/../lib/common.sh"
