#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What KSM does on other kernels than the running one: each is booted in an emulated
# machine (tests/kernels/README.md) and asked by tests/programs/kernels/ksm_facts.c. What the
# program and its manual take for granted is tested here for real. The table goes to
# build/kernels/facts.txt.
# Distributions backport: a kernel may be better than its version says, never worse.
# shellcheck disable=SC2154 # set by common.sh

pages=512 # PAGES of ksm_facts.c

suite_setup() {
	kernels=$BUILD/kernels
	# shellcheck disable=SC2086 # a list, or nothing
	"$top/tests/kernels/fetch" "$kernels" ${KERNELS:-} >"$work/list"
	mkdir "$work/root" "$work/out"
	cp "$BUILD/tests/kernels/ksm_facts" "$work/root/"
	printf '#!/bin/sh\nexec /ksm_facts\n' >"$work/root/run.test"
	chmod 755 "$work/root/run.test"
	while read -r k; do
		ask "$(basename "$(dirname "$k")")" "$k"
	done <"$work/list"
	exec_kernel=$kernels/exec-6.12/vmlinuz
	if [ -e "$exec_kernel" ]; then
		ask 6.12-exec-as-6.4 "$exec_kernel" -a ksm_exec_as=4
		ask 6.12-exec-as-6.7 "$exec_kernel" -a ksm_exec_as=7
	fi
	table | tee "$kernels/facts.txt"
}

# ask NAME KERNEL OPTION...
ask() {
	_name=$1 _kernel=$2
	shift 2
	"$top/tests/kernels/boot" "$@" "$_kernel" "$work/root" >"$work/out/$_name" 2>"$work/$_name.err"
	echo "status=$?" >>"$work/out/$_name"
}

# fact KERNEL NAME, empty if the kernel does not have it
fact() { sed -n "s/^$2[=: ] *//p" "$work/out/$1"; }

has() { [ "$(fact "$1" prctl)" = yes ]; }

# at_least KERNEL VERSION
# (of tests/kernels/build, what it stands for counts)
at_least() { printf '%s\n%s\n' "$2" "${1#6.12-exec-as-}" | sort -VC; }

# each COMMAND...: the command for every kernel, with its name as the last argument
each() {
	for _f in "$work/out"/*; do
		"$@" "$(basename "$_f")"
	done
}

# fewer than before: of somebody else, who has ended
merged() { if [ "${1:-0}" -ge $pages ]; then echo yes; elif [ "${1:-0}" -le 0 ]; then echo no; else echo "$1/$pages"; fi; }

row() { printf '%-31s %-7s %-5s %-5s %-8s %-9s %-8s %-7s %s\n' "$@"; }

table_row() {
	_any=$(fact "$1" ksm_stat.ksm_merge_any) _joined=no
	if has "$1"; then
		[ "$(fact "$1" new_mappings)" -ge 100 ] || _joined=yes
		row "$1" yes "$(fact "$1" fork | tr 01 ny)" "$(fact "$1" exec | tr 01 ny)" \
			"$(merged "$(fact "$1" merged_exec)")" "$(merged "$(fact "$1" merged_madvise)")" \
			$_joined "$(fact "$1" ksm_stat)" "${_any:+yes}"
	else
		row "$1" "$(fact "$1" prctl)" - - - "$(merged "$(fact "$1" merged_madvise)")" - "$(fact "$1" ksm_stat)" "${_any:+yes}"
	fi
}

table() {
	row kernel prctl fork exec scanned madvise joined ksm_stat merge_any
	each table_row | sort -V
}

ran() {
	assertEquals "$1: $(tail -n 5 "$work/$1.err")" 0 "$(fact "$1" status)"
	assertEquals "$1" '' "$(fact "$1" error)"
}

test_all_kernels_answer() { each ran; }

test_kernels_with_and_without_the_prctl_are_there() {
	assertEquals 1 "$(each fact_of prctl | grep -cx EINVAL | sed 's/[2-9]/1/')"
	assertEquals 1 "$(each fact_of prctl | grep -cx yes | sed 's/[2-9]/1/')"
}
fact_of() { fact "$2" "$1"; }

prctl() {
	if at_least "$1" 6.4; then assertEquals "$1" yes "$(fact "$1" prctl)"; fi
	has "$1" || assertEquals "$1" EINVAL "$(fact "$1" prctl)"
	assertEquals "$1" EINVAL "$(fact "$1" prctl_arguments)"
	if has "$1"; then assertEquals "$1: needs no capability" yes "$(fact "$1" prctl_nobody)"; fi
}

test_prctl_is_there_or_EINVAL() { each prctl; }

madvise() {
	assertEquals "$1" yes "$(merged "$(fact "$1" merged_madvise)")"
	assertEquals "$1: what nobody made mergeable" no "$(merged "$(fact "$1" merged_none)")"
	assertEquals "$1: a heap grown afterwards" 0 "$(fact "$1" heap_madvise)"
}

test_madvise_merges_but_not_what_the_heap_grows_by() { each madvise; }

by_prctl() {
	has "$1" || return 0
	assertEquals "$1" yes "$(merged "$(fact "$1" merged_prctl)")"
	assertEquals "$1: switched off again" no "$(merged "$(fact "$1" left_after_off)")"
	assertEquals "$1: a heap grown afterwards" 1 "$(fact "$1" heap_prctl)"
	assertEquals "$1: inherited by fork" 1 "$(fact "$1" fork)"
	assertEquals "$1: merged after fork" yes "$(merged "$(fact "$1" merged_fork)")"
}

test_prctl_merges_and_is_inherited_by_fork() { each by_prctl; }

# one of three: lost, kept but not scanned, kept and scanned. Setting it once more
# fixes the first, switching it off and on the second.
over_exec() {
	has "$1" || return 0
	_scanned=$(merged "$(fact "$1" merged_exec)") _again=$(merged "$(fact "$1" merged_exec_again)")
	case $(fact "$1" exec)$_scanned in
	0no) assertEquals "$1: lost, set again" yes "$_again" ;;
	1no) assertEquals "$1: not scanned, set again" no "$_again" ;;
	1yes) assertEquals "$1: set again" yes "$_again" ;;
	*) fail "$1: exec=$(fact "$1" exec), and merged then: $_scanned" ;;
	esac
	assertEquals "$1: off and on" yes "$(merged "$(fact "$1" merged_exec_off_on)")"
	if at_least "$1" 6.7; then assertEquals "$1: flag" 1 "$(fact "$1" exec)"; fi
	if at_least "$1" 6.10; then assertEquals "$1: scanned" yes "$_scanned"; fi
}

test_prctl_over_exec() { each over_exec; }

# else nothing would show that over_exec tells the three apart
test_older_ways_at_exec() {
	if [ ! -e "$exec_kernel" ]; then
		skip 'no kernel with the older ways (tests/kernels/build)'
		return
	fi
	assertEquals 0 "$(fact 6.12-exec-as-6.4 exec)"
	assertEquals no "$(merged "$(fact 6.12-exec-as-6.4 merged_exec)")"
	assertEquals 1 "$(fact 6.12-exec-as-6.7 exec)"
	assertEquals no "$(merged "$(fact 6.12-exec-as-6.7 merged_exec)")"
}

joined() {
	has "$1" && at_least "$1" 6.17 || return 0
	assertTrue "$1: 100 neighbours make $(fact "$1" new_mappings) mappings" "[ $(fact "$1" new_mappings) -lt 10 ]"
}

test_neighbours_are_joined_since_6_17() { each joined; }

stat_fields() {
	if at_least "$1" 6.1; then assertEquals "$1" yes "$(fact "$1" ksm_stat)"; fi
	if at_least "$1" 6.16 || [ -n "$(fact "$1" ksm_stat.ksm_merge_any)" ]; then
		assertEquals "$1" yes "$(fact "$1" ksm_stat.ksm_merge_any)"
		assertEquals "$1" yes "$(fact "$1" ksm_stat.ksm_mergeable)"
	fi
}

test_ksm_stat() { each stat_fields; }

# shellcheck source=tests/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"
