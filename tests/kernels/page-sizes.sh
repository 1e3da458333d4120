#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pages of 4 KiB and of 16, on Debian's kernels for aarch64 (tests/kernels/README.md): what the library makes
# mergeable, what merges and what is said of it, the layout of a group; and that memory with tags does not merge.
# FLAVOURS="arm64-16k" asks one kernel only.

pages=2048

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	root=$BUILD/cross-arm64 arm=$BUILD/aarch64 guest=$work/guest
	mkdir -p "$guest/bin" "$guest/lib" "$guest/etc" "$work/out"
	"$top/tests/lib/cross-root" "$root" "$arm" "$arm/ksm-hook" "$arm/libksm_preload.so" \
		"$arm/tests/equal" "$arm/tests/kernels/tagged" \
		"$arm/tests/preload/64/cases" "$arm/tests/preload/64/libcases.so" \
		"$arm/tests/preload/musl/cases" "$arm/tests/preload/musl/libcases.so" >"$work/made" 2>&1
	_ended=$?
	assertEquals "$(tail -n 20 "$work/made")" 0 $_ended
	# shellcheck disable=SC2016 # for the inner shell
	"$top/tests/lib/chroot" run "$root" sh -c 'aarch64-linux-gnu-gcc -o "$1/glibc" "$2" &&
		aarch64-linux-gnu-gcc -specs /usr/lib/aarch64-linux-musl/musl-gcc.specs -o "$1/musl" "$2" &&
		aarch64-linux-gnu-gcc -O0 -pthread -o "$1/probe" "$3" &&
		aarch64-linux-gnu-gcc -O0 -pthread -static -o "$1/static" "$3"' \
		sh "$arm/tests/kernels" "$top/tests/programs/kernels/workload.c" "$top/tests/programs/probe.c" >"$work/made" 2>&1 ||
		cat "$work/made"
	cp "$arm/tests/kernels/glibc" "$arm/tests/kernels/musl" "$arm/tests/kernels/probe" "$arm/tests/kernels/static" \
		"$guest/bin/"
	cp "$arm/ksm-hook" "$arm/tests/equal" "$arm/tests/kernels/tagged" "$guest/bin/"
	cp -r "$arm/libksm_preload.so" "$arm/tests/preload/64" "$arm/tests/preload/musl" "$guest/"
	cp -L "$root/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1" "$root/usr/aarch64-linux-gnu/lib/libc.so.6" \
		"$root/lib/ld-musl-aarch64.so.1" "$guest/lib/"
	"$top/tests/kernels/fetch" -m arm64 -s "$BUILD/kernels-arm64" busybox-static "$work/busybox.deb"
	dpkg-deb --fsys-tarfile "$work/busybox.deb" | tar -x -O --wildcards '*bin/busybox' >"$guest/bin/busybox"
	chmod 755 "$guest/bin/busybox"
	{ printf '#!/bin/sh\npages=%s\n' $pages && cat "$top/tests/kernels/page-sizes"; } >"$guest/run.test"
	chmod 755 "$guest/run.test"
	for _flavour in ${FLAVOURS:-cloud-arm64 arm64-16k}; do
		_k=$("$top/tests/kernels/fetch" -m arm64 -f "$_flavour" "$BUILD/kernels-arm64" "${VERSION:-7}" | head -n 1)
		[ -z "$_k" ] || ask "$_flavour" "$_k" -i -m 2048 -t 900
		sed "s/^/| $_flavour: /" "$work/out/$_flavour"
	done
}

# a machine of x86_64 with so little memory that limits would be few, or threads not start
little_memory() {
	little=$work/little
	mkdir -p "$little/bin"
	cp "$KSM_HOOK" "$little/bin/"
	gcc -O0 -pthread -static -o "$little/bin/probe" "$top/tests/programs/probe.c"
	cat >"$little/run.test" <<-'S'
		#!/bin/sh
		sleep 1000 &
		echo '{"shared_layout": true}' >/tmp/config.json
		chmod 600 /tmp/config.json
		echo "{\"id\":\"x\",\"pid\":$!,\"annotations\":{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"one\"}}" |
			ksm-hook createRuntime --config /tmp/config.json 2>&1
		echo "personality $(cat /proc/$!/personality)"
		kill $!
		for mib in 250 400; do echo "$mib MiB: $(probe limit $((mib << 20)) /bin/probe threads 1)"; done
	S
	chmod 755 "$little/run.test"
	_k=$("$top/tests/kernels/fetch" "$BUILD/kernels" 6.18 | head -n 1)
	[ -z "$_k" ] || "$top/tests/kernels/boot" -m 350 "$_k" "$little" >"$work/little.out" 2>&1
	cat "$work/little.out"
}

testTheSizeOfAPage() {
	says 'cloud-arm64' 'page 4096'
	says 'arm64-16k' 'page 16384'
}

testTheLibraryMakesAllOfItMergeable() {
	says '*' 'preload 64: all' 'preload musl: all'
}

testWhatTheLibraryMadeMergeableMerges() {
	for _libc in glibc musl; do
		says '*' "alone $_libc: not merged" "auto $_libc: merged" "madvise $_libc: merged"
	done
}

testWhatMerges() {
	says '*' "estimated $pages" "attached $pages" "saved $pages" 'cost 64' 'detached 0' "run $pages"
}

# a page of the limit is a page of the address, and a group's is of whole pages
testLayout() {
	says '*' 'a page lower: 1' '64 KiB lower: 1' 'personality 00040000' 'group of whole pages: 0' 'above 128 MiB'
}

testLayoutOfAMachineWithLittleMemory() {
	out=$(little_memory)
	assertContains "$out" "too little memory"
	assertContains "$out" "personality 00000000"
	assertContains "$out" "250 MiB: 1 threads"
	assertContains "a thread that would not start: $out" "$out" "400 MiB: 0 threads"
}

testTagsKeepMemoryFromMerging() {
	says '*' "without tags $pages" 'tags ready' 'with tags 0' 'estimated with tags 0' 'found note' 'not without tags'
}

. "$(dirname "$0")/../lib/common.sh"
