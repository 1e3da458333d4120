#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages: what mandoc says of them, every command has its page, every code of a reason is
# explained. What options they must have is completion.sh's.

pages() {
	ls "$top"/docs/*.[1-8]
}

# what is installed on a machine decides whether it knows a page: testReferences looks at ours
testMandocFindsNothing() {
	for page in $(pages); do
		# one after the other: where its output is long, messages of both come in between
		mandoc -T lint "$page" >"$work/said" 2>"$work/err"
		assertEquals "$page" "" "$(cat "$work/said" "$work/err" |
			grep -vE 'referenced manual not found|outdated mandoc.db|longer than 80 bytes')"
	done
}

# the test above can fail
testMandocFindsSomething() {
	printf '.Dd November 25, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Sh WRONG\n' >"$work/x.1"
	assertNotEquals "" "$(mandoc -T lint "$work/x.1" 2>&1)"
}

testEveryReasonIsExplained() {
	codes=$(sed -n 's/^	\[REASON_[A-Z0-9_]*\] = "\([a-z0-9-]*\)",$/\1/p' "$top/hook/base/reason.c" | sort)
	assertContains "$codes" "$codes" denied-by-rule
	assertEquals "$codes" "$(sed -n 's/^\.It Li \([a-z0-9-]*\)$/\1/p' "$top/docs/ksm-hook-reasons.7" | sort)"
}

testEveryCommandHasItsPage() {
	commands=$("$BUILD/ksm-hook" --help | sed -n 's/^  \([a-zA-Z][a-zA-Z-]*\)  .*/\1/p')
	assertContains "$commands" "$commands" createRuntime
	for command in $commands; do
		assertTrue "ksm-hook(8) names $command" \
			"grep -qE '^\.It Cm (.* , )?$command( ,|\$)' '$top/docs/ksm-hook.8'"
		assertTrue "$command stands in a SYNOPSIS" "grep -lqE '^\.Cm (.* \| )?$command( \||\$)' $top/docs/ksm-hook-*.8"
	done
}

# a page that names another one names one that there is
testReferences() {
	for page in $(pages); do
		for name in $(sed -n 's/^\.Xr \(ksm-hook[a-z.-]*\|libksm_preload\) \([1-8]\).*/\1.\2/p' "$page"); do
			assertTrue "$page: $name" "[ -f '$top/docs/$name' ]"
		done
	done
}

. "$(dirname "$0")/../lib/common.sh"
