#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: nothing
# shellcheck disable=SC2154 # work and top come from common.sh
# The Makefile, on machines that lack something.

# Debian's libc6-dev-i386 without gcc-multilib: the headers of libc are there, asm/ is not, and
# the library of 32-bit programs is left out instead of failing to build.
testHalfOfThe32BitHeaders() {
	cat >"$work/with-half" <<-'S'
		mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" &&
		mount -t overlay -o "lowerdir=/usr/include,upperdir=$1/upper,workdir=$1/work" none /usr/include &&
		rm -f /usr/include/asm && shift && exec "$@"
	S
	mkdir "$work/layer"
	_32=$(make -s -C "$top" -pn all 2>/dev/null | sed -n 's/^PRELOAD32 := //p')
	assertContains "32-bit can be built here" "$_32" 32/libksm_preload.so
	_32=$(unshare -m sh "$work/with-half" "$work/layer" make -s -C "$top" -pn all 2>/dev/null |
		sed -n 's/^PRELOAD32 := /built: /p')
	assertEquals "built: " "$_32"
}

. "$(dirname "$0")/../lib/common.sh"
