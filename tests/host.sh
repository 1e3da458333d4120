#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook enable and disable on this machine's own ksmd, and the burst after a start.

run=/run/ksm-hook

suite_setup() {
	. "$top/tests/bundle.sh"
	# whoever uses this machine may have enabled it
	"$KSM_HOOK" disable >/dev/null 2>&1
	echo '{}' >"$work/config.json"
	for _knob in advisor_mode smart_scan use_zero_pages sleep_millisecs pages_to_scan run; do
		[ ! -e $ksm/$_knob ] || knobs="${knobs:-} $_knob"
	done
}

suite_teardown() {
	runc delete -f "ksmtest-$$" >/dev/null 2>&1
	"$KSM_HOOK" disable >/dev/null 2>&1
	rmdir "/sys/fs/cgroup/memory/ksmtest-$$" 2>/dev/null
}

setUp() {
	known_values
}

tearDown() {
	"$KSM_HOOK" disable >/dev/null 2>&1
	for _p in ${left:-}; do
		kill "$_p" 2>/dev/null
		wait "$_p" 2>/dev/null
	done
	left=
}

known_values() {
	[ ! -e $ksm/advisor_mode ] || echo none >$ksm/advisor_mode
	echo 0 >$ksm/run
	echo 321 >$ksm/pages_to_scan
	echo 37 >$ksm/sleep_millisecs
	echo 0 >$ksm/use_zero_pages
	[ ! -e $ksm/smart_scan ] || echo 1 >$ksm/smart_scan
}

# all that enable may touch, in one line
values() {
	for _knob in $knobs; do
		printf '%s=%s ' "$_knob" "$(sed 's/.*\[\(.*\)\].*/\1/' $ksm/$_knob)"
	done
}

is() { [ "$(cat $ksm/"$1")" = "$2" ]; }

# hook ARGUMENT...: what it says in $out, its status in $rc
hook() {
	out=$("$KSM_HOOK" "$@" 2>&1)
	rc=$?
}

# The processes that hold the lock: one drives, one watches over it
drivers() {
	for _p in /proc/[0-9]*; do
		case $(readlink "$_p/fd/3" 2>/dev/null) in
		"$run/burst" | "$run/burst (deleted)") echo "${_p#/proc/}" ;;
		esac
	done
}

burst_is_on() { "$KSM_HOOK" status | grep -q 'a burst is on'; }
burst_is_off() { [ -z "$(drivers)" ]; }
# once it has begun to drive
burst_drives() { [ -e $run/burst.pages ] && [ "$(drivers | wc -l)" -eq 2 ]; }
worker() { drivers | tail -n 1; }

# enabled, and the burst that comes with that is over
enable_quietly() {
	hook enable "$@"
	assertEquals "$out" 0 "$rc"
	drivers | xargs -r kill
	wait_for 5 burst_is_off || fail "the burst does not end"
}

# mergeable MIB: a process with so much of one page again and again
mergeable() {
	"$KSM_HOOK" run -- perl -e '$x = join("", map { chr(65 + $_ % 26) } 0..4095) x (256 * '"$1"');
		$| = 1; print "ready\n"; sleep 1000' >"$work/perl.out" &
	left="${left:-} $!"
	victim=$!
	wait_for 10 grep -q ready "$work/perl.out"
}

merged_pages() { awk '/^ksm_merging_pages/ { print $2 }' "/proc/$1/ksm_stat"; }

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
	assertFalse "nothing is left" "[ -e $run/ksmd ] || [ -e $run/burst ] || [ -e $run/burst.pages ]"
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

# stopped, everything un-merged: to put that back would un-merge what was merged since
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
		assertFalse "$_knob: nothing is left" "[ -e $run/ksmd ] || [ -e $run/burst ]"
	done
	# a second enable that fails leaves what the first one did
	enable_quietly
	now=$(values)
	strace -qq -o /dev/null -P $ksm/pages_to_scan -e trace=write \
		-e inject=write:error=EIO:when=1 "$KSM_HOOK" enable --profile=fast >/dev/null 2>&1
	assertEquals 1 $?
	assertEquals "$now" "$(values)"
	assertContains "$(cat $run/ksmd)" "profile balanced"
	assertTrue "starts may drive it" "[ -e $run/burst ]"
	hook disable
	assertEquals "$before" "$(values)"
}

testKsmtunedIsNotFought() {
	cp "$(command -v sleep)" "$work/ksmtuned"
	"$work/ksmtuned" 1000 &
	left=$!
	before=$(values)
	hook enable
	assertEquals "$out" 1 "$rc"
	assertContains "$out" "ksmtuned (process $left) drives ksmd"
	assertEquals "$before" "$(values)"
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
	assertContains "$out" "un-merging needs 6"
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

testNothingIsDrivenWithoutEnable() {
	"$KSM_HOOK" run -- true
	assertTrue burst_is_off
	assertFalse "[ -e $run/burst ]"
}

testBurstOfARealContainer() {
	rootfs_make "$work/root" /usr/bin/perl
	bundle_make "$work/bundle" "$work/root" "$(hooks_json createRuntime)" '{"io.ksm.merge":"true"}' \
		/usr/bin/perl -e '$x = join("", map { chr(65 + $_ % 26) } 0..4095) x 16384; sleep 1000'
	enable_quietly
	start=$(date +%s)
	# the container keeps the file open, and so would a burst a pipe
	timeout 10 runc run -d -b "$work/bundle" "ksmtest-$$" >"$work/runc.out" 2>&1 </dev/null
	assertEquals "$(cat "$work/runc.out")" 0 $?
	assertTrue "the start does not wait" "[ $(($(date +%s) - start)) -le 3 ]"
	assertTrue burst_is_on
	wait_for 5 burst_drives || fail "no burst: $(ls $run)"
	for _p in $(drivers); do
		assertEquals "cgroups of $_p" "" "$(grep -v ':/$' "/proc/$_p/cgroup")"
		assertEquals "descriptors of $_p" "" "$(readlink /proc/"$_p"/fd/* |
			grep -vxE "/dev/null|$run|$run/burst")"
		assertEquals / "$(readlink "/proc/$_p/cwd")"
	done
	# another start does not make another one
	"$KSM_HOOK" run -- true
	assertEquals 2 "$(drivers | wc -l)"
	victim=$(runc state "ksmtest-$$" | jq .pid)
	wait_for 15 eval '[ "$(merged_pages $victim)" -gt 16000 ]' || fail "merged: $(merged_pages $victim)"
	wait_for 30 burst_is_off || fail "it does not end"
	assertEquals "quiet again" 80 "$(cat $ksm/pages_to_scan)"
	assertFalse "[ -e $run/burst.pages ]"
	runc delete -f "ksmtest-$$"
}

# conmon and podman wait for pipes, and remove the cgroups that a hook is in
testBurstDoesNotHoldUpPodman() {
	rootfs_make "$work/small"
	mkdir "$work/hooks.d"
	sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/hooks.d/50-ksm-hook.json.in" \
		>"$work/hooks.d/50-ksm-hook.json"
	podman_in() {
		podman --root "$work/p/storage" --runroot "$work/p/run" --tmpdir "$work/p/tmp" \
			--storage-driver vfs --cgroup-manager cgroupfs --events-backend file \
			--runtime runc --hooks-dir "$work/hooks.d" "$@"
	}
	tar -C "$work/small" -c . | podman_in import - ksmtest >/dev/null 2>&1
	enable_quietly
	start=$(date +%s)
	out=$(podman_in run --rm --annotation io.ksm.merge=true --network none --ulimit nofile=1024:1024 \
		--ulimit nproc=1024:1024 ksmtest cat /proc/self/ksm_stat 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$out" "ksm_merge_any: yes"
	assertTrue "it does not wait for the burst" "[ $(($(date +%s) - start)) -le 8 ]"
	assertTrue burst_is_on
	assertEquals "containers left" "" "$(podman_in ps -aq)"
}

# burst: a new one, that drives
burst() {
	enable_quietly
	"$KSM_HOOK" run -- true
	wait_for 5 burst_drives || fail "no burst"
	assertNotEquals 80 "$(cat $ksm/pages_to_scan)"
}

quiet_again() {
	wait_for 5 burst_is_off || fail "it does not end"
	assertEquals "$1" "$2" "$(cat $ksm/pages_to_scan)"
	assertFalse "$1: nothing is left" "[ -e $run/burst.pages ]"
}

testBurstEndsBySignal() {
	burst
	kill "$(worker)"
	quiet_again "SIGTERM" 80
}

testBurstThatIsKilled() {
	burst
	kill -9 "$(worker)"
	quiet_again "SIGKILL of the one that drives" 80
	# and both
	burst
	drivers | xargs kill -9
	wait_for 5 burst_is_off
	assertNotEquals 80 "$(cat $ksm/pages_to_scan)"
	hook status
	assertContains "$out" "a burst was killed"
	"$KSM_HOOK" run -- true
	wait_for 5 burst_drives || fail "no burst after one that was killed"
	drivers | xargs -r kill
	quiet_again "the next one" 80
	# or by disable
	burst
	drivers | xargs kill -9
	wait_for 5 burst_is_off
	hook disable
	assertEquals "$out" 321 "$(cat $ksm/pages_to_scan)"
}

testBurstAndAnAdministrator() {
	burst
	echo 0 >$ksm/run
	quiet_again "stopped" 80
	assertEquals 0 "$(cat $ksm/run)"
	echo 1 >$ksm/run
	burst
	echo 777 >$ksm/pages_to_scan
	quiet_again "another rate" 777
	# which a start does not change
	"$KSM_HOOK" run -- true
	sleep 2
	assertEquals 777 "$(cat $ksm/pages_to_scan)"
}

testDisableDuringABurst() {
	before=$(values)
	burst
	hook disable
	assertEquals "$out" 0 "$rc"
	assertEquals "$before" "$(values)"
	assertTrue "it has ended" burst_is_off
	assertNotContains "$out" "left alone"
}

testNotRoot() {
	enable_quietly
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$KSM_HOOK" run -- true 2>&1)
	assertEquals 0 $?
	assertEquals "says nothing" "" "$out"
	assertTrue burst_is_off
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

. "$(dirname "$0")/lib.sh"
