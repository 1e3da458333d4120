#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers of runc under a config.json that is broken: who did not ask starts as if the hook were not
# there, who asked starts unmerged, and who requires merging does not start.
# needs: containers
# shellcheck disable=SC1091,SC2154 # what common.sh and bundle.sh set

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	echo '{}' >"$work/plain.json"
	echo '{"required": true}' >"$work/required.json"
	echo '{"containers": "annotated", oops' >"$work/broken.json"
}

# container CONFIG ANNOTATIONS: what its process says of itself is in out, what the hook says in log
container() {
	hook=$(jq -n --arg words "exec '$KSM_HOOK' createRuntime --config '$work/$1.json' 2>'$work/log'" \
		'{createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $words]}]}')
	bundle_make "$work/bundle" "$work/root" "$hook" "$2" cat /proc/self/ksm_stat
	: >"$work/log"
	runc run -b "$work/bundle" "ksm-broken-$$" >"$work/out" 2>"$work/err" </dev/null
	rc=$?
}

testASoundOneIsMerged() {
	container plain '{"io.ksm.merge":"true"}'
	assertEquals "status: $(cat "$work/err")" 0 $rc
	assertContains "$(cat "$work/out")" "ksm_merge_any: yes"
	assertEquals "" "$(cat "$work/log")"
}

testWhoDidNotAsk() {
	container broken '{"org.example":"x"}'
	assertEquals "status: $(cat "$work/err")" 0 $rc
	assertContains "$(cat "$work/out")" "ksm_merge_any: no"
	assertEquals "not a word" "" "$(cat "$work/log" "$work/err")"
}

testWhoAsked() {
	container broken '{"io.ksm.merge":"true"}'
	assertEquals "status: $(cat "$work/err")" 0 $rc
	assertContains "starts unmerged" "$(cat "$work/out")" "ksm_merge_any: no"
	assertContains "$(cat "$work/log")" " reason=config-invalid: not made mergeable: $work/broken.json:1:"
	assertEquals 1 "$(wc -l <"$work/log")"
}

testWhoRequiresMerging() {
	container broken '{"io.ksm.merge":"true","io.ksm.required":"true"}'
	assertNotEquals "refused" 0 $rc
	assertNotContains "$(cat "$work/out")" "ksm_merge_any"
	assertContains "$(cat "$work/log")" " reason=config-invalid: "
}

testAValueThatIsNone() {
	container required '{"io.ksm.merge":"maybe"}'
	assertEquals "status: $(cat "$work/err")" 0 $rc
	assertContains "$(cat "$work/log")" 'io.ksm.merge="maybe"'
}

. "$(dirname "$0")/../lib/common.sh"
