#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What ps says is true: of equal, forked and huge memory, of names, of costs.
# needs: machine ksmd

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/ps-lib.sh"

# near WHAT GOT WANTED PERCENT
near() {
	assertTrue "$1: got $2, wanted $3 within $4 %" \
		"[ $2 -ge $(($3 * (100 - $4) / 100)) ] && [ $2 -le $(($3 * (100 + $4) / 100)) ]"
}

testEqualProcesses() {
	load 5 2 1024 exec
	_truth=$((9 * 1024 * page))
	near "by default" "$(ours saved_bytes)" $_truth 2
	near "at most" "$(ours saved_at_most_bytes)" $_truth 2
	near "exactly" "$(ours saved_bytes --exact)" $_truth 2
	# the kernel's own total, of which nothing is fork's here
	_all=$("$KSM_HOOK" ps --json --exact | jq '[.[].saved_bytes] | add')
	near "sum" "$_all" $(($(cat $ksm/pages_sharing) * page)) 3
	near "cost" "$(ours cost_bytes)" $((10 * 1024 * 64)) 5
	leave
}

# what workers have in common since they were forked was one copy before
testForkIsNoSaving() {
	load 4 5 1024 fork
	_truth=$((3 * 1024 * page))
	near "by default" "$(ours saved_bytes)" $_truth 5
	near "at most" "$(ours saved_at_most_bytes)" $_truth 10
	near "exactly" "$(ours saved_bytes --exact)" $_truth 5
	assertTrue "the kernel's reckoning is wrong here, or this tests nothing" \
		"[ $(ours profit_bytes) -gt $((_truth * 3)) ]"
	leave
}

# equal memory of forked processes that each of them wrote
testOwnMemoryOfForkedLiesBetween() {
	load 2 4 1024 own
	_truth=$((7 * 1024 * page))
	assertTrue "at least $(ours saved_bytes), truth $_truth" "[ $(ours saved_bytes) -le $_truth ]"
	near "at most" "$(ours saved_at_most_bytes)" $_truth 3
	assertContains "$("$KSM_HOOK" ps)" "MiB-"
	leave
}

testHugePages() {
	load 4 1 1024 huge
	near "by default" "$(ours saved_bytes)" $((3 * 1024 * page)) 2
	near "exactly" "$(ours saved_bytes --exact)" $((3 * 1024 * page)) 2
	leave
}

# counters lag behind: what was unmerged or has ended saves nothing
testNothingInCommonCostsMoreThanItSaves() {
	load 1 1 1024 exec alone
	echo 1 >$ksm/run
	_scanned() { [ "$(ours cost_bytes)" -ge $((1000 * 64)) ]; }
	wait_for 20 _scanned
	_ended=$?
	assertTrue "scanned: $("$KSM_HOOK" ps)" $_ended
	echo 0 >$ksm/run
	out=$("$KSM_HOOK" ps)
	assertContains "$out" "$out" "KiB !"
	assertContains "$out" "$out" "cost more than they save"
	leave
}

testProcessesOfTheHost() {
	# suites beside this one run sleep
	_name=host-$$
	cp "$(command -v sleep)" "$work/$_name"
	"$KSM_HOOK" run "$work/$_name" 60 &
	_pid=$!
	_shown() { "$KSM_HOOK" ps --json | jq -e '.[] | select(.engine == "host" and .id == $id and .mergeable)' --arg id $_name >/dev/null; }
	wait_for 30 _shown
	_ended=$?
	assertTrue "$("$KSM_HOOK" ps)" $_ended
	kill $_pid
	wait $_pid 2>/dev/null
	"$work/$_name" 60 &
	_pid=$!
	out=$("$KSM_HOOK" ps --json | jq --arg id $_name '[.[] | select(.id == $id)] | length')
	assertEquals "one that did not ask" 0 "$out"
	kill $_pid
}

of() { "$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$1\") | [.namespace, .pod, .container, .image] | map(. // \"-\") | join(\" \")"; }

testNamesOfKubernetes() {
	contain "look-$$-1" "$kube" createRuntime poststop
	assertEquals "shop web-7d9c nginx docker.io/library/nginx:1.25" "$(of "look-$$-1")"
	assertContains "$("$KSM_HOOK" ps)" "shop/web-7d9c/nginx"
	# the column of layout groups is there for those that have one (layout.sh), and here is nobody else
	assertNotContains "$("$KSM_HOOK" ps)" GROUP
	assertEquals "700 600" "$(stat -c %a $records) $(stat -c %a "$records/look-$$-1")"
	contain "look-$$-2" '{"io.ksm.merge":"true","io.kubernetes.cri.sandbox-name":"api-0",
		"io.kubernetes.cri.sandbox-namespace":"shop"}' createRuntime poststop
	assertEquals "shop api-0 - -" "$(of "look-$$-2")"
	runc delete -f "look-$$-1"
	assertFalse "poststop removes it" "[ -e $records/look-$$-1 ]"
	assertTrue "and no other" "[ -e $records/look-$$-2 ]"
	runc delete -f "look-$$-2"
}

# a hook that was never called: its record goes with the next look
testStaleNamesGo() {
	contain "look-$$-3" "$kube" createRuntime
	assertTrue "written" "[ -e $records/look-$$-3 ]"
	runc delete -f "look-$$-3"
	assertTrue "still there" "[ -e $records/look-$$-3 ]"
	"$KSM_HOOK" ps >/dev/null
	wait_for 20 test ! -e "$records/look-$$-3"
	# of the wrapper, which knows no init: as no such container runs
	printf 'init 0 0\npod web\n' >"$records/look-$$-3"
	touch -d '2 minutes ago' "$records/look-$$-3"
	"$KSM_HOOK" metrics >/dev/null
	wait_for 20 test ! -e "$records/look-$$-3"
}

testNamesOfTheWrapper() {
	ln -sf "$KSM_HOOK" "$work/ksm-runc"
	_b=$(bundle_of containerd "look-$$-4")
	bundle_make "$_b" "$work/root" '{}' "$kube" /bin/sleep 60
	"$work/ksm-runc" run -d -b "$_b" "look-$$-4" >/dev/null 2>&1 </dev/null
	assertEquals "shop web-7d9c nginx docker.io/library/nginx:1.25" "$(of "look-$$-4")"
	"$work/ksm-runc" delete -f "look-$$-4"
	assertFalse "gone" "[ -e $records/look-$$-4 ]"
}

# what a tenant writes into annotations is no name if it does not look like one
testHostileNames() {
	contain "look-$$-5" "$(jq -n '{"io.ksm.merge":"true", "io.kubernetes.cri.container-type":"container",
		"io.kubernetes.cri.sandbox-name":"evil\nnamespace kube-system",
		"io.kubernetes.cri.sandbox-namespace":"a\u001b[31m",
		"io.kubernetes.cri.container-name":("x" * 300),
		"io.kubernetes.cri.image-name":"ok"}')" createRuntime poststop
	assertEquals "- - - ok" "$(of "look-$$-5")"
	runc delete -f "look-$$-5"
	# a link in its place is not followed
	ln -s /etc/hostname "$records/look-$$-6"
	contain "look-$$-6" '{"io.ksm.merge":"true"}' createRuntime
	assertEquals "- - - -" "$(of "look-$$-6")"
	runc delete -f "look-$$-6"
	contain "look-$$-6" "$kube" createRuntime poststop
	assertFalse "replaced" "[ -L $records/look-$$-6 ]"
	runc delete -f "look-$$-6"
	# nor is a directory that others may write to
	chmod 777 $records
	contain "look-$$-7" "$kube" createRuntime poststop
	assertEquals "- - - -" "$(of "look-$$-7")"
	runc delete -f "look-$$-7"
	chmod 700 $records
}

testNothingIsWrittenWithoutNames() {
	_before=$(ls -A $records)
	contain "look-$$-8" "$merge" createRuntime poststop
	assertEquals "it is merged" "- - - -" "$(of "look-$$-8")"
	assertEquals "$_before" "$(ls -A $records)"
	runc delete -f "look-$$-8"
	# the control
	contain "look-$$-9" "$kube" createRuntime poststop
	assertTrue "with names it is" "[ -e $records/look-$$-9 ]"
	runc delete -f "look-$$-9"
}

# Linux 6.18's counter was seen at -27
testACountBelowZeroIsNoSaving() {
	for _zeros in -27 0 5; do
		unshare -m sh -c "mount -t tmpfs none $ksm && echo $_zeros >$ksm/ksm_zero_pages &&
			echo 1 >$ksm/run && '$KSM_HOOK' status" >"$work/status.$_zeros" 2>&1
	done
	assertNotContains "$(cat "$work/status.-27")" "zero pages"
	assertNotContains "$(cat "$work/status.0")" "zero pages"
	assertContains "$(cat "$work/status.5")" " 5 zero pages: 20.0 KiB"
}

testWatchOnATerminal() {
	out=$(python3 "$top/tests/commands/ps-terminal" "$KSM_HOOK" 2>&1)
	assertEquals "$out" 0 $?
}

testWatchIntoAPipe() {
	out=$(timeout -s INT 2.5 "$KSM_HOOK" ps --watch=1 </dev/null | tee "$work/tables" | grep -c '^ENGINE')
	assertTrue "$out tables" "[ $out -ge 2 ]"
	assertNotContains "no escapes" "$(cat "$work/tables")" "$(printf '\033')"
}

testWrongUsage() {
	for _o in --sort=size --watch=0 --watch=x '--watch --json' extra --frob; do
		# shellcheck disable=SC2086 # two words
		"$KSM_HOOK" ps $_o >"$work/o" 2>"$work/e"
		assertEquals "ps $_o" 2 $?
		assertEquals "" "$(cat "$work/o")"
	done
}

. "$(dirname "$0")/../lib/common.sh"
