#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook enable and disable on this machine's own ksmd.
# needs: ksmd

. "$(dirname "$0")/../lib/ksmd-lib.sh"

testEnableSetsAndSays() {
	before=$(values)
	hook enable
	assertEquals "$out" 0 "$rc"
	assertContains "$out" "pages_to_scan    321 -> 80, which was not the kernel's default"
	assertContains "$out" "run              0 -> 1"
	assertContains "$out" "use_zero_pages   0 -> 1"
	assertContains "$out" "profile balanced, until the next boot"
	assertTrue "is 1" "is run 1 && is sleep_millisecs 20 && is use_zero_pages 1"
	assertEquals "root's only" 600 "$(stat -c %a $run/ksmd)"
	hook status
	assertContains "$out" "profile balanced"
	hook disable
	assertEquals "$out" 0 "$rc"
	assertContains "$out" "run              1 -> 0"
	assertContains "$out" "pages_to_scan    80 -> 321"
	assertEquals "$before" "$(values)"
	assertFalse "nothing is left" "[ -e $run/ksmd ] || [ -e $run/boost ] || [ -e $run/boost.pages ]"
	hook disable
	assertEquals "again: $out" 0 "$rc"
	assertContains "$out" "nothing to put back"
	assertEquals "$before" "$(values)"
}

testProfilesAndTheFirstValues() {
	before=$(values)
	enable_quietly --profile=fast
	assertEquals 200 "$(cat $ksm/pages_to_scan)"
	enable_quietly --profile=gentle
	assertContains "$out" "pages_to_scan    200 -> 50"
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	hook disable
	assertEquals "what the first one found" "$before" "$(values)"
}

testKsmdThatRanAlready() {
	echo 1 >$ksm/run
	enable_quietly
	hook disable
	assertEquals "$out" 1 "$(cat $ksm/run)"
}

# stopped, everything unmerged: to put that back would unmerge what was merged since
testRunWasTwo() {
	echo 2 >$ksm/run
	enable_quietly
	hook disable
	assertContains "$out" "run              1 -> 0"
	assertEquals 0 "$(cat $ksm/run)"
}

testAdvisor() {
	[ -e $ksm/advisor_mode ] || { skip "this kernel has no advisor"; return; }
	echo scan-time >$ksm/advisor_mode
	enable_quietly
	assertContains "$out" "advisor_mode     scan-time -> none"
	assertEquals 80 "$(cat $ksm/pages_to_scan)"
	hook disable
	assertContains "$out" "advisor_mode     none -> scan-time"
	assertContains "$(cat $ksm/advisor_mode)" "[scan-time]"
}

testWhatSomebodyChangedIsLeftAlone() {
	enable_quietly
	echo 777 >$ksm/pages_to_scan
	hook disable
	assertEquals "$out" 0 "$rc"
	assertContains "$out" "pages_to_scan    777, left alone: enable had set 80"
	assertEquals 777 "$(cat $ksm/pages_to_scan)"
	assertTrue "the rest is put back" "is run 0 && is sleep_millisecs 37"
}

testEnableAgainSaysWhatWasChanged() {
	enable_quietly
	echo 0 >$ksm/run
	hook enable
	assertContains "$out" "run              0 -> 1, changed by somebody since the last enable"
}

testFailureLeavesNothing() {
	before=$(values)
	for _knob in run sleep_millisecs use_zero_pages; do
		out=$(strace -qq -o /dev/null -P $ksm/$_knob -e trace=write \
			-e inject=write:error=EIO:when=1 "$KSM_HOOK" enable 2>&1)
		assertEquals "$_knob: $out" 1 $?
		assertContains "$out" "nothing was set: "
		assertContains "$out" "to /sys/kernel/mm/ksm/$_knob: I"
		assertEquals "$_knob" "$before" "$(values)"
		assertFalse "$_knob: nothing is left" "[ -e $run/ksmd ] || [ -e $run/boost ]"
	done
	# a second enable that fails leaves what the first one did
	enable_quietly
	now=$(values)
	strace -qq -o /dev/null -P $ksm/pages_to_scan -e trace=write \
		-e inject=write:error=EIO:when=1 "$KSM_HOOK" enable --profile=fast >/dev/null 2>&1
	assertEquals 1 $?
	assertEquals "$now" "$(values)"
	assertContains "$(cat $run/ksmd)" "profile balanced"
	assertTrue "starts may drive it" "[ -e $run/boost ]"
	hook disable
	assertEquals "$before" "$(values)"
}

testOtherTunersAreNotFought() {
	before=$(values)
	# the kernel keeps 15 bytes of a name
	for _name in ksmtuned uksmd momd kata-ksm-throttler; do
		cp "$(command -v sleep)" "$work/$_name"
		"$work/$_name" 1000 &
		left=$!
		_comm=$(printf %.15s $_name)
		wait_for 30 grep -qx "$_comm" /proc/$left/comm
		hook enable
		assertEquals "$out" 1 "$rc"
		assertContains "$out" "reason=host-other-tuner"
		assertContains "$out" "$_name (process $left)"
		assertContains "$out" "(kill $left)"
		assertEquals "$before" "$(values)"
		kill $left
		wait $left 2>/dev/null
		left=
	done
}

# it is stopped as the service that it runs in, whose name is the distribution's choice
testTheServiceOfATuner() {
	# the longest path of those in its cgroup file says it
	_slice=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$(printf '%0100d' $$).slice
	_group=$_slice/mom-vdsm.service
	mkdir -p "$_group"
	cp "$(command -v sleep)" "$work/momd"
	sh -c 'echo 0 >"$1/cgroup.procs" && exec "$2" 1000' sh "$_group" "$work/momd" &
	left=$!
	wait_for 30 grep -qx momd /proc/$left/comm
	hook enable
	assertContains "$out" "systemctl disable --now mom-vdsm)"
	kill $left
	wait $left 2>/dev/null
	left=
	rmdir "$_group" "$_slice"
}

# a user who calls a process so, or a set-user-ID program, keeps nobody from enabling; before, nobody's
# ksmtuned was seen to have it say "nothing was set: ksmtuned (process 61) drives ksmd"
testOthersMayBeCalledKsmtuned() {
	cp "$(command -v sleep)" "$work/ksmtuned"
	cp "$(command -v sleep)" "$work/setuid"
	chmod 4755 "$work/setuid"
	mkdir "$work/user"
	ln -s ../setuid "$work/user/uksmd"
	chmod 755 "$work" "$work/user"
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$work/ksmtuned" 1000 &
	left=$!
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$work/user/uksmd" 1000 &
	left="$left $!"
	"$work/user/uksmd" 1000 &
	left="$left $!"
	for _pid in $left; do
		wait_for 30 grep -q -e ksmtuned -e uksmd "/proc/$_pid/comm"
	done
	hook enable
	assertEquals "$out" 0 "$rc"
	assertEquals "$out" 1 "$(cat $ksm/run)"
	hook disable
	# shellcheck disable=SC2086
	kill $left
	left=
}

# what this kernel cannot show: files that older ones lack
testMissingFiles() {
	mkdir -p "$work/ksm"
	echo 0 >"$work/ksm/run"
	echo 99 >"$work/ksm/pages_to_scan"
	echo 77 >"$work/ksm/sleep_millisecs"
	out=$(unshare -m sh -c "mount --bind $work/ksm $ksm && $KSM_HOOK enable && cat $ksm/*" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$out" "pages_to_scan    99 -> 80"
	assertNotContains "$out" "advisor"
	out=$(unshare -m sh -c "mount --bind $work/ksm $ksm && $KSM_HOOK disable && cat $ksm/*" 2>&1)
	assertEquals "$out" 0 $?
	assertEquals "99 0 77" "$(cat "$work/ksm/pages_to_scan" "$work/ksm/run" "$work/ksm/sleep_millisecs" | xargs)"
	out=$(unshare -m sh -c "mount -t tmpfs none $ksm && $KSM_HOOK enable" 2>&1)
	assertEquals 1 $?
	assertContains "$out" "this kernel has no KSM"
}

testUnmergeOnlyWhereItFits() {
	group=/sys/fs/cgroup/memory/ksmtest-$$
	mkdir $group
	enable_quietly --profile=fast
	mergeable 64
	echo "$victim" >$group/cgroup.procs
	wait_for 20 eval '[ "$(merged_pages $victim)" -gt 16000 ]' || fail "merged: $(merged_pages $victim)"
	# its pages are charged where it was, and copies to where it is
	echo $((24 << 20)) >$group/memory.limit_in_bytes
	hook disable --unmerge
	assertEquals "$out" 1 "$rc"
	assertContains "$out" "unmerging needs 6"
	assertContains "$out" "the cgroup /ksmtest-$$ has"
	assertTrue "nothing was done" "is run 1 && [ -e $run/ksmd ] && [ \$(merged_pages $victim) -gt 16000 ]"
	echo -1 >$group/memory.limit_in_bytes
	hook disable --unmerge
	assertEquals "$out" 0 "$rc"
	assertEquals 0 "$(cat $ksm/run)"
	assertEquals 0 "$(merged_pages $victim)"
}

testForce() {
	enable_quietly
	hook disable --unmerge --force
	assertEquals "$out" 0 "$rc"
	assertEquals 0 "$(cat $ksm/run)"
	assertEquals 321 "$(cat $ksm/pages_to_scan)"
}

testNotRoot() {
	enable_quietly
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$KSM_HOOK" run -- true 2>&1)
	assertEquals 0 $?
	assertEquals "says nothing" "" "$out"
	assertTrue boost_is_off
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$KSM_HOOK" enable 2>&1)
	assertEquals 1 $?
	assertContains "$out" "nothing was set: "
}

testPersist() {
	mkdir -p "$work/host/etc/systemd/system" "$work/host/usr/lib/systemd/system"
	unit=$work/host/usr/lib/systemd/system/ksm-hook-ksmd@.service
	make -s -C "$top" BUILD="$work/b" PREFIX=/usr "$work/b/systemd/ksm-hook-ksmd@.service"
	cp "$work/b/systemd/ksm-hook-ksmd@.service" "$unit" || return
	in_host="mount --bind $work/host/etc/systemd/system /etc/systemd/system &&
		mount --bind $work/host/usr/lib/systemd/system /usr/lib/systemd/system && $KSM_HOOK"
	out=$(unshare -m sh -c "$in_host enable --persist" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$out" "profile balanced, and at each boot"
	assertEquals enabled "$(systemctl --root="$work/host" is-enabled ksm-hook-ksmd@balanced.service)"
	out=$(unshare -m sh -c "$in_host enable --persist --profile=gentle" 2>&1)
	assertEquals enabled "$(systemctl --root="$work/host" is-enabled ksm-hook-ksmd@gentle.service)"
	assertEquals "one only" 1 "$(ls "$work/host/etc/systemd/system/multi-user.target.wants" | wc -l)"
	# a failure puts that back as well
	out=$(unshare -m sh -c "${in_host%"$KSM_HOOK"} strace -qq -o /dev/null -P $ksm/pages_to_scan \
		-e trace=write -e inject=write:error=EIO:when=1 $KSM_HOOK enable --persist --profile=fast" 2>&1)
	assertEquals "$out" enabled "$(systemctl --root="$work/host" is-enabled ksm-hook-ksmd@gentle.service)"
	# what the boot does
	exec_start=$(sed -n 's/^ExecStart=//p' "$unit" | sed 's/%i/gentle/')
	assertEquals "/usr/sbin/ksm-hook enable --profile=gentle" "$exec_start"
	out=$(unshare -m sh -c "$in_host disable" 2>&1)
	assertContains "$out" "no longer at each boot"
	assertEquals "" "$(ls "$work/host/etc/systemd/system/multi-user.target.wants")"
	# systemd itself has it
	mkdir -p "$work/verify"
	sed "s|/usr/sbin/ksm-hook|$KSM_HOOK|; /^Documentation/d" "$unit" >"$work/verify/ksm-hook-ksmd@.service"
	out=$(systemd-analyze verify --man=no --recursive-errors=no \
		"$work/verify/ksm-hook-ksmd@balanced.service" 2>&1)
	assertEquals "$out" 0 $?
	assertNotContains "$out" ksm-hook-ksmd
}

testPersistWithoutTheUnit() {
	before=$(values)
	out=$(unshare -m sh -c "mount -t tmpfs none /etc/systemd && mount -t tmpfs none /usr/lib/systemd &&
		$KSM_HOOK enable --persist" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "--persist needs the systemd unit"
	assertEquals "$before" "$(values)"
	assertFalse "[ -e $run/ksmd ]"
}

testUsage() {
	for _line in 'enable --profile=slow' 'enable now' 'enable --what' 'disable --force' 'disable it'; do
		# shellcheck disable=SC2086 # words
		hook $_line
		assertEquals "$_line: $out" 2 "$rc"
	done
	assertFalse "[ -e $run/ksmd ]"
}

. "$(dirname "$0")/../lib/common.sh"
