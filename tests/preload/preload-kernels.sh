#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libksm_preload.so on kernels that have no prctl, or lose its setting at exec: programs of glibc
# and musl and an interpreter have equal pages merged, without the library they have not.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/tmp"
	gcc -o "$work/glibc" "$top/tests/programs/kernels/workload.c"
	musl-gcc -o "$work/musl" "$top/tests/programs/kernels/workload.c"
	"$top/tests/kernels/stage" "$guest" "$work/glibc:/glibc" "$work/musl:/musl" /usr/bin/perl
	cp "$BUILD/libksm_preload.so" "$guest/"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		echo 0 >/sys/kernel/mm/ksm/use_zero_pages
		for program in /glibc /musl; do
			echo "alone $program: $($program)"
			for mode in auto madvise; do
				echo "$mode $program: $(KSM_PRELOAD=$mode LD_PRELOAD=/libksm_preload.so $program)"
			done
		done
		# heap and malloc's own mappings: two interpreters that compute the same
		for i in 1 2; do
			LD_PRELOAD=/libksm_preload.so perl -e \
				'@x = map { sprintf("%04096d", $_) } 1 .. 1000; $y = "y" x 4000000; sleep 60' &
		done
		for i in $(seq 200); do
			sleep 0.1 # until merged
			sharing=$(cat /sys/kernel/mm/ksm/pages_sharing)
			[ "$sharing" -lt 2500 ] || break
		done
		# of 2 x 1,977 pages of data one copy of each can go, and the ys are one page
		[ "$sharing" -ge 2500 ] && echo "perl: merged" || echo "perl: $sharing pages"
	S
	chmod 755 "$guest/run.test"
	ask_all 5.10 6.1 6.12
}

testWithoutTheLibraryNothingIsMerged() {
	says '*' 'alone /glibc: not merged' 'alone /musl: not merged'
}

testAutoMergesOnEveryKernel() {
	says '*' 'auto /glibc: merged' 'auto /musl: merged'
}

testMadviseMergesOnEveryKernel() {
	says '*' 'madvise /glibc: merged' 'madvise /musl: merged'
}

testHeapOfAnInterpreterIsMerged() {
	says '*' 'perl: merged'
}

testTheKernelsWereThere() {
	for _k in '5.10.*' '6.1.*' '6.12.*' as-6.4 as-6.7; do
		says "$_k"
	done
}

. "$(dirname "$0")/../lib/common.sh"
