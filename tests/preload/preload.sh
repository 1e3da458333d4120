#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: containers
# shellcheck disable=SC2154,SC1091 # work, top and ksm come from common.sh
# libksm_preload.so: what it is made of, and that programs keep working under it.

arches="64 musl"
# no other machine's library is there in 32 bits
[ "$(uname -m)" != x86_64 ] || arches="64 32 musl"
cases_all="small heap_is_one trim aligned calloc large realloc mmap mprotect shared_is_left
	threads fork vfork spawn userns descriptors dlopen steady chroot signal
	seccomp_strict seccomp_filter"

suite_setup() {
	lib=$work/libksm_preload.so
	cp "$BUILD/libksm_preload.so" "$lib"
	case $arches in *32*)
		mkdir "$work/32"
		cp "$BUILD/32/libksm_preload.so" "$work/32"
		chmod 755 "$work/32"
		;;
	esac
}

lib_for() {
	if [ "$1" = 32 ]; then echo "$work/32/libksm_preload.so"; else echo "$lib"; fi
}

# run ARCH CASE [VAR=VALUE...]: errors are the answer, so stderr is kept
run() {
	_arch=$1 _case=$2
	shift 2
	timeout 20 env LD_PRELOAD="$(lib_for "$_arch")" "$@" \
		"$BUILD/tests/preload/$_arch/cases" "$_case" >"$work/out" 2>"$work/err"
}

elf_is_freestanding() {
	assertEquals "$1: does something when it is loaded" 1 "$(readelf -dW "$1" | grep -c '(INIT_ARRAY)')"
	assertEquals "$1: needs a library" "" "$(readelf -dW "$1" | grep NEEDED)"
	assertEquals "$1: hash styles" 2 "$(readelf -dW "$1" | grep -cE '\((GNU_)?HASH\)')"
	assertEquals "$1: text relocations" "" "$(readelf -dW "$1" | grep TEXTREL)"
	assertEquals "$1: executable stack" "RW" \
		"$(readelf -lW "$1" | awk '$1 == "GNU_STACK" { print $7 }')"
	assertEquals "$1: exports something" "" \
		"$(nm -D --defined-only "$1" | grep -v ' [aA] ')"
	assertEquals "$1: needs a symbol" "" "$(nm -D -u "$1" | grep -v '^ *w ')"
	# what glibc 2.5 (2006, of CentOS 5) and older dynamic linkers do not know
	assertEquals "$1: another ABI" "UNIX - System V" \
		"$(readelf -hW "$1" | sed -n 's/^ *OS.ABI: *//p')"
	assertEquals "$1: too new for an old libc" "" \
		"$(readelf -dW "$1" | grep -E 'RELR|VERNEED|VERDEF')"
	assertEquals "$1: relocations of a newer kind" "" "$(readelf -rW "$1" |
		grep -oE 'R_(X86_64|386|AARCH64)_[A-Z0-9_]+' | grep -vE '_(RELATIVE|GLOB_DAT|64|32|ABS64|TPOFF64|TLS_TPOFF|TLS_TPREL64|AARCH64_JUMP_SLOT)$')"
	assertEquals "$1: a writable and executable segment" "" \
		"$(readelf -lW "$1" | grep LOAD | grep RWE)"
}

test_elf() {
	elf_is_freestanding "$BUILD/libksm_preload.so"
	case $arches in *32*) elf_is_freestanding "$BUILD/32/libksm_preload.so" ;; esac
}

test_modes() {
	assertContains "$(LD_PRELOAD=$lib KSM_PRELOAD_DEBUG=1 /bin/true 2>&1)" "prctl: everything"
	assertContains "$(LD_PRELOAD=$lib KSM_PRELOAD=madvise KSM_PRELOAD_DEBUG=1 /bin/true 2>&1)" \
		"[stack]"
	assertEquals "" "$(LD_PRELOAD=$lib KSM_PRELOAD=off KSM_PRELOAD_DEBUG=1 /bin/true 2>&1)"
	for mode in off prctl madvise auto nonsense ''; do
		assertEquals "prints in mode '$mode'" "" "$(LD_PRELOAD=$lib KSM_PRELOAD=$mode sh -c true 2>&1)"
	done
}

# The old kernel's answer, forced by a filter: see also the suite on real kernels.
test_auto_without_prctl() {
	"$BUILD/tests/no-prctl" env LD_PRELOAD="$lib" "$BUILD/tests/preload/64/cases" small
	assertTrue "auto does not go over to madvise" $?
	"$BUILD/tests/no-prctl" env LD_PRELOAD="$lib" KSM_PRELOAD=prctl \
		"$BUILD/tests/preload/64/cases" small 2>"$work/err"
	assertFalse "prctl goes over to madvise" $?
}

test_cases_madvise() {
	for arch in $arches; do
		for case in $cases_all; do
			run "$arch" "$case" KSM_PRELOAD=madvise
			_ended=$?
			assertTrue "$arch $case: $(cat "$work/err")" $_ended
		done
	done
}

# musl's allocator changes errno itself
test_errno() {
	for arch in ${arches% musl}; do
		for mode in prctl madvise; do
			run $arch errno KSM_PRELOAD=$mode
			assertTrue "$arch $mode" $?
			run $arch errno KSM_PRELOAD=$mode KSM_PRELOAD_DEBUG=1
			assertTrue "$arch $mode, which says what it does" $?
			assertContains "$arch $mode" "$(cat "$work/err")" "mergeable"
		done
	done
}

test_cases_prctl() {
	for arch in $arches; do
		for case in small trim large threads fork vfork spawn userns dlopen signal \
			seccomp_strict; do
			run "$arch" "$case" KSM_PRELOAD=prctl
			_ended=$?
			assertTrue "$arch $case: $(cat "$work/err")" $_ended
		done
	done
}

# that the cases can fail
test_cases_off() {
	for arch in $arches; do
		run "$arch" small KSM_PRELOAD=off
		assertFalse "$arch: nothing was mergeable, and nobody saw" $?
	done
}

test_no_system_call_while_nothing_changes() {
	strace -f -o "$work/trace" -E LD_PRELOAD="$lib" -E KSM_PRELOAD=madvise \
		"$BUILD/tests/preload/64/cases" steady 2>/dev/null
	assertTrue $?
	n=$(sed -n '/BEGIN/,/END/p' "$work/trace" | grep -cvE 'BEGIN|END')
	assertEquals "system calls in 2,000,000 pairs" 0 "$n"
}

# Each try of a look begins with getpid. Threads that find another one looking, or the last look
# too recent, made 7,500 to 94,000 in this time; not under strace, which lets one run after the other.
test_threads_come_to_rest() {
	perf stat -x, -o "$work/counted" -e syscalls:sys_enter_getpid env LD_PRELOAD="$lib" \
		KSM_PRELOAD=madvise "$BUILD/tests/preload/64/cases" four_steady_threads
	_ended=$?
	assertTrue "$(cat "$work/counted")" $_ended
	n=$(sed -n 's/^\([0-9]*\),.*getpid.*/\1/p' "$work/counted")
	assertTrue "tried to look $n times in 80,000,000 pairs" "[ '$n' -lt 7000 ]"
}

test_threshold() {
	out=$(LD_PRELOAD=$lib KSM_PRELOAD=madvise KSM_PRELOAD_DEBUG=1 KSMP_MERGE_THRESHOLD=100000 \
		/bin/true 2>&1)
	assertContains "$out" "[stack]"
	assertNotContains "$out" "libc.so.6"
	assertContains "$(LD_PRELOAD=$lib KSM_PRELOAD=madvise KSM_PRELOAD_DEBUG=1 /bin/true 2>&1)" \
		"libc.so.6"
}

test_interval_0_looks_once() {
	run 64 small KSM_PRELOAD=madvise KSM_PRELOAD_INTERVAL=0
	assertFalse "it kept up" $?
}

test_other_preloads() {
	other=$BUILD/tests/preload/64/libinterpose.so
	for order in "$lib $other" "$other $lib"; do
		for case in small threads fork; do
			rm -f "$work/calls"
			timeout 20 env LD_PRELOAD="$order" KSM_PRELOAD=madvise INTERPOSE_REPORT="$work/calls" \
				"$BUILD/tests/preload/64/cases" $case 2>"$work/err"
			_ended=$?
			assertTrue "$order $case: $(cat "$work/err")" $_ended
			assertTrue "the other library was left out" "[ $(cat "$work/calls") -gt 10000 ]"
		done
	done
}

test_other_allocators() {
	for other in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
		for order in "$lib $other" "$other $lib"; do
			for case in small aligned realloc threads fork large; do
				timeout 20 env LD_PRELOAD="$order" KSM_PRELOAD=madvise \
					"$BUILD/tests/preload/64/cases" $case 2>"$work/err"
				_ended=$?
				assertTrue "$order $case: $(cat "$work/err")" $_ended
				assertNotContains "$(cat "$work/err")" "cannot be preloaded"
			done
		done
	done
}

# A tree of its own with /etc/ld.so.preload in it: never the host's.
test_ld_so_preload_and_setuid() {
	cat >"$work/setuid.sh" <<-E
		set -e
		mount --make-rprivate /
		mount -t tmpfs none $work/etc
		cp -a /etc/ld.so.cache /etc/passwd /etc/group /etc/nsswitch.conf $work/etc
		echo $lib >$work/etc/ld.so.preload
		mount --bind $work/etc /etc
		cp /bin/cat /etc/cat
		chmod 4755 /etc/cat
		exec "\$@"
	E
	mkdir -p "$work/etc"
	# off from the first program on, as the flag is inherited; debug for this one only
	for setting in KSM_PRELOAD=auto KSM_PRELOAD=off; do
		out=$(env $setting unshare -m sh "$work/setuid.sh" setpriv --reuid 12345 \
			--clear-groups env KSM_PRELOAD_DEBUG=1 KSM_PRELOAD_INTERVAL=x \
			/etc/cat /proc/self/status /proc/self/ksm_stat 2>"$work/err")
		assertContains "not set-user-id" "$out" "Uid:	12345	0"
		assertEquals "debug is obeyed" "" "$(cat "$work/err")"
		case $setting in
		*off) assertContains "$out" "ksm_merge_any: no" ;;
		*) assertContains "$out" "ksm_merge_any: yes" ;;
		esac
	done
	assertFalse "the host's file was touched" "[ -e /etc/ld.so.preload ] && grep -q libksm_preload /etc/ld.so.preload"
}

test_inherited_flag() {
	out=$(LD_PRELOAD=$lib sh -c 'cat /proc/self/ksm_stat; true')
	assertContains "$out" "ksm_merge_any: yes"
	assertContains "$out" "ksm_mergeable: yes"
}

. "$(dirname "$0")/../lib/common.sh"
