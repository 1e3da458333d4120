#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: ksmd
# shellcheck disable=SC1091,SC2154 # what doctor-lib.sh and common.sh set
# doctor: its output, and what it finds of the kernel, ksmd, config.json and the host.

. "$(dirname "$0")/../lib/doctor-lib.sh"

testHealthy() {
	doctor
	assertEquals "$out" 0 $rc
	assertEquals "$out" '0 0' "$(echo "$out" | jq -r '"\(.broken) \(.warnings)"')"
	for _id in kernel-ksm kernel-prctl ksmd-run ksmd-speed ksmd-tuner config library run-space \
		hook-registered docker-runtime containerd-runtime runtime lxc-hook; do
		assertEquals "$_id: $out" ok "$(level $_id)"
	done
	_text=$("$KSM_HOOK" doctor "$quiet")
	assertEquals "$_text" 0 $?
	assertEquals "a line each: $_text" "$(echo "$out" | jq '[.findings[] | select(.level == "ok")] | length')" \
		"$(echo "$_text" | grep -c '^ok ')"
	assertContains "$_text" "$_text" "0 broken, 0 warnings"
}

# what has to be is written by nobody but the reader's own pipe
testItOnlyReads() {
	strace -f -o "$work/trace" -e trace=open,openat,openat2,creat,unlink,rename,mkdir,chmod,ptrace,kill \
		"$KSM_HOOK" doctor >/dev/null
	assertContains "it is traced" "$(cat "$work/trace")" /sys/kernel/mm/ksm/run
	assertEquals "" "$(grep -E 'O_WRONLY|O_RDWR|O_CREAT|^[0-9]+ +(creat|unlink|rename|mkdir|chmod|ptrace)' "$work/trace")"
}

testUsage() {
	"$KSM_HOOK" doctor --nonsense >/dev/null 2>&1
	assertEquals 2 $?
	_text=$("$KSM_HOOK" doctor no-such-container 2>&1)
	assertEquals "$_text" 2 $?
	assertContains "$_text" "$_text" 'no container "no-such-container"'
	assertContains "$("$KSM_HOOK" doctor --help)" "usage: ksm-hook doctor"
}

# each check of the program has its paragraph in the manual, and the other way round
testManual() {
	sed -n '/^static const char id_names/,/^};/s/.* = "\(.*\)",$/\1/p' \
		"$top/hook/doctor/check_id.c" | sort >"$work/ids"
	sed -n '/^.Sh CHECKS/,/^.Sh EXIT/s/^.It Li //p' "$top/docs/ksm-hook-doctor.8" |
		sort >"$work/ids.manual"
	assertTrue "there are some" "[ $(wc -l <"$work/ids") -gt 40 ]"
	assertEquals "" "$(diff "$work/ids" "$work/ids.manual")"
	doctor
	assertContains "$out" "$(echo "$out" | jq -r '.findings[].id')" kernel-ksm
	assertEquals "" "$(echo "$out" | jq -r '.findings[].id' | sort -u | comm -13 "$work/ids" -)"
	# and what the manual says of an object is all that there is
	assertEquals "" "$(echo "$out" | jq -r '.findings[] | keys[]' | sort -u |
		grep -vxE 'id|level|reason|what|why|fix|advice')"
}

testOrdinaryUser() {
	_text=$(setpriv --reuid 65534 --clear-groups "$KSM_HOOK" doctor)
	assertContains "$_text" "$_text" "note      root:"
}

testKsmdStopped() {
	for _run in 0 2; do
		echo $_run >$ksm/run
		found ksmd-run broken
		fixed ksmd-run
		assertEquals 1 "$(cat $ksm/run)"
	done
}

# a container of 40 MB, and a ksmd for which that is much
testKsmdTooSlow() {
	start "slow" "$(hooks_json createRuntime)" "$merge" /usr/bin/perl -e '$x = "y" x 40000000; sleep 600'
	wait_for 10 container_is slow yes
	echo 100 >$ksm/pages_to_scan
	echo 5000 >$ksm/sleep_millisecs
	found ksmd-speed warning
	assertContains "$(of ksmd-speed fix)" "enable --profile fast"
	fixed ksmd-speed
	runc delete -f "doctor-$$-slow"
}

testKsmdBusy() {
	echo 0 >$ksm/sleep_millisecs
	found ksmd-speed warning
	fixed ksmd-speed
}

testAdvisor() {
	echo scan-time >$ksm/advisor_mode
	found ksmd-advisor warning
	fixed ksmd-advisor
}

testTuner() {
	cp /bin/sleep "$work/ksmtuned"
	"$work/ksmtuned" 600 &
	_pid=$!
	_named() { [ "$(cat /proc/$_pid/comm)" = ksmtuned ]; }
	wait_for 30 _named
	found ksmd-tuner warning
	assertContains "$out" "process $_pid"
	# it is in no service here
	assertEquals "kill $_pid" "$(of ksmd-tuner fix)"
	sh -c "$(of ksmd-tuner fix)"
	wait $_pid
	gone ksmd-tuner
	# what a container calls its processes is not the host's
	cp /bin/busybox "$root/bin/ksmtuned" # is called by its first argument
	start tuner '{}' '{}' /usr/bin/perl -e 'open F, ">/proc/self/comm"; print F "ksmtuned"; close F; sleep 600'
	_named_inside() { [ "$(cat "/proc/$(pid_of tuner)/comm")" = ksmtuned ]; }
	wait_for 30 _named_inside
	assertTrue "it is named so" $?
	gone ksmd-tuner
	runc delete -f "doctor-$$-tuner"
}

testHugePages() {
	_was=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled)
	echo always >/sys/kernel/mm/transparent_hugepage/enabled
	found huge-pages note
	fixed huge-pages
	echo "$_was" >/sys/kernel/mm/transparent_hugepage/enabled
}

testConfig() {
	echo '{"containers": "sometimes"}' >$config
	found config broken
	assertContains "$(of config advice)" "ksm-hook policy check"
	echo '{"containers": ' >$config
	found config broken
	echo '{"containres": "all"}' >$config
	found config-unknown warning
	assertContains "$(of config-unknown what)" 'unknown key "containres"'
	echo '{"dney": []}' >$config
	found config broken
	assertContains "$(of config what)" "$config:1:2: "
	cp "$work/config.saved" $config
	gone config-unknown
	gone config
	chmod 666 $config
	found config broken
	fixed config
	chown nobody $config
	found config broken
	fixed config
	printf '{\n  "containers": "none"\n}\n' >$config
	found config-containers warning
	assertEquals containers-none "$(of config-containers reason)"
	fixed config-containers
	echo '{"deny": [{"annotation": "team", "match": "pay*"}]}' >$config
	found config-rules note
	assertContains "$(of config-rules what)" 'the first for team'
	cp "$work/config.saved" $config
	gone config-rules
}

testLibrary() {
	_lib=/usr/local/lib64/libksm_preload.so
	mv $_lib "$work/lib.saved"
	found library note
	echo '{"method": "preload"}' >$config
	found library broken
	mv "$work/lib.saved" $_lib
	gone library
	chmod 777 $_lib
	found library broken
	fixed library
	cp "$work/config.saved" $config
}

testRunIsFull() {
	cat >"$work/full" <<-'E'
		mount -t tmpfs -o size=64k none /run
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
		dd if=/dev/zero of=/run/fill bs=4k count=100 2>/dev/null
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
		rm /run/fill
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
	E
	assertEquals '["ok"] ["broken"] ["ok"]' \
		"$(unshare -m sh "$work/full" "$KSM_HOOK" "$quiet" | paste -sd ' ')"
}

# inside MOUNTS ID: the level of ID with that done in a mount namespace below
inside() {
	out=$(unshare -m sh -c "$1"'; "$0" doctor --json "$1"' "$KSM_HOOK" "$quiet")
	level "$2"
}

testSecurityModules() {
	_dir='mount -t tmpfs none /proc/sys/kernel; mkdir /proc/sys/kernel/yama; echo'
	_file='>/proc/sys/kernel/yama/ptrace_scope'
	assertEquals broken "$(inside "$_dir 3 $_file" yama)"
	assertEquals ok "$(inside "$_dir 1 $_file" yama)"
	_dir='mount -t tmpfs none /sys/fs; mkdir /sys/fs/selinux; echo'
	assertEquals note "$(inside "$_dir 1 >/sys/fs/selinux/enforce" selinux)"
	assertEquals none "$(inside "$_dir 0 >/sys/fs/selinux/enforce" selinux)"
}

testKernel() {
	assertEquals broken "$(inside 'mount -t tmpfs none /sys/kernel/mm/ksm' kernel-ksm)"
	out=$("$top/tests/lib/no-prctl" "$KSM_HOOK" doctor --json "$quiet")
	assertEquals "$out" warning "$(level kernel-prctl)"
}

. "$(dirname "$0")/../lib/common.sh"
