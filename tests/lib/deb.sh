#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The package in a machine of its own (tests/kernels/guest), where it is /ksm-hook.deb: installed, used, removed.

# every file but what dpkg notes down about itself
manifest() {
	find / -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /etc/ld.so.cache -o -path /tmp -o -path /var/cache \
		-o -path /src \) -prune -o -print | sort
}

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/log
	: >/var/lib/dpkg/status
	manifest >"$work/before"
	dpkg -i /ksm-hook.deb >"$work/log" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/log")" 0 $_ended
}

test_its_programs() {
	assertEquals "install ok installed" "$(dpkg-query -W -f '${Status}' ksm-hook)"
	assertEquals "as it was packed" "" "$(dpkg -V ksm-hook)"
	out=$(/usr/sbin/ksm-hook run cat /proc/self/ksm_stat 2>&1)
	says_merged "run" yes
	out=$(cat /proc/self/ksm_stat)
	says_merged "by itself" no
	assertContains "$(/usr/libexec/ksm-hook/ksm-hook-http 2>&1 </dev/null)" "ksm-hook nri --listen"
}

test_its_library() {
	for _libc in 64 musl; do
		out=$(KSM_PRELOAD=madvise LD_PRELOAD=/usr/lib64/libksm_preload.so "$BUILD/tests/preload/$_libc/cases" small 2>&1)
		assertEquals "$_libc: $out" 0 $?
	done
}

# as the installed one is registered
test_its_hook() {
	rootfs_make "$work/root"
	# shellcheck disable=SC2034 # of hooks_json
	KSM_HOOK=/usr/sbin/ksm-hook
	echo '{}' >"$work/config.json"
	for _asked in true false; do
		bundle_make "$work/bundle" "$work/root" "$(hooks_json createRuntime)" "{\"io.ksm.merge\":\"$_asked\"}" \
			/bin/sh -c 'cat /proc/self/ksm_stat'
		out=$(runc run -b "$work/bundle" "ksmtest-$$" 2>&1)
		assertEquals "$out" 0 $?
		says_merged "asked $_asked" "$([ $_asked = false ] && echo no || echo yes)"
	done
}

test_removed() {
	dpkg --purge ksm-hook >"$work/log" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/log")" 0 $_ended
	manifest >"$work/after"
	assertEquals "as it was" "" "$(diff "$work/before" "$work/after")"
}

. "$(dirname "$0")/../lib/common.sh"
