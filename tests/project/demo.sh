#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first command of README.md, as it stands there: what it prints is what the README shows, here
# and in a Debian 12 that has nothing but make.
# needs: machine ksmd

suite_setup() {
	unset MAKEFLAGS MAKELEVEL MFLAGS
	awk '/^```/ { on = $2 == "step=demo"; next } on' "$top/README.md" >"$work/demo"
	out=$(cd "$top" && timeout 120 sh -e "$work/demo" 2>&1 </dev/null)
	rc=$?
	# the README's transcript
	shown=$(awk '/^\$ make demo$/ { on = 1; next } /^```/ { on = 0 } on' "$top/README.md")
}

# heading TEXT: the line of it that begins the table
heading() {
	# a column is as wide as its figures
	echo "$1" | grep '^ENGINE' | tr -s ' '
}

testDemo() {
	assertEquals "$out" 0 $rc
	for name in web-1 web-8; do
		row=$(echo "$out" | awk -v n=$name '$2 == n')
		assertContains "$row" "$row" yes
	done
	assertContains "$out" "$(echo "$out" | awk '$2 == "not-asked"')" no
	saved=$(echo "$out" | tr '\r' '\n' | sed -n 's/.*: *\([0-9]*\) MiB saved.*/\1/p' | tail -n 1)
	assertTrue "$saved MiB saved" "[ $saved -gt 100 ]"
}

# figures differ from run to run; what they are of does not
testTheReadmeShowsIt() {
	assertNotEquals "" "$(heading "$out")"
	assertEquals "$(heading "$out")" "$(heading "$shown")"
	words=$(echo "$shown" | sed -n 's/^\([a-z][a-z]*\)  .*/\1/p' | sort -u)
	assertContains "$words" merged
	for word in $words; do
		echo "$out" | grep -q "^$word  "
		assertEquals "make demo prints a line $word: $out" 0 $?
	done
}

# with the packages that tests/deps names, and no others: no compiler's extras, no git
testFreshMachine() {
	fresh=$BUILD/fresh-bookworm
	make -s -C "$top" dist
	"$top/tests/lib/chroot" make "$fresh" make,ca-certificates bookworm >"$work/made" 2>&1 || cat "$work/made"
	# the chroot sees this tree
	cp "$work/demo" "$BUILD/demo"
	# shellcheck disable=SC2016
	said=$("$top/tests/lib/chroot" run "$fresh" sh -c 'd=$(mktemp -d) && cd "$d" &&
		tar -xzf "$1" --strip-components=1 && sh -e "$2"; rc=$?; rm -rf "$d"; exit $rc' sh "$(echo "$BUILD"/ksm-hook-*.tar.gz)" "$BUILD/demo" 2>&1)
	assertEquals "$said" 0 $?
	rm "$BUILD/demo"
	assertContains "$said" "$(echo "$said" | awk '$2 == "web-8"')" yes
}

testNothingIsLeft() {
	assertEquals "" "$(runc list -q | grep -E '^(web-[1-8]|busybox|not-asked)$')"
	assertEquals "$(sed -n 's/^run //p' "$work/ksm.saved")" "$(cat $ksm/run)"
}

. "$(dirname "$0")/../lib/common.sh"
