#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner itself, and what all suites share: whatever a suite does wrong is a failure.

# shellcheck source=tests/lib/runner-lib.sh
. "$(dirname "$0")/../lib/runner-lib.sh"

testEveryTestCounts() {
	good
	good other
	ran "4 passed, 0 failed, 0 skipped" 0 good other
	assertContains "$out" "== x/good"
	assertContains "$out" "== x/other"
}

# a clone in a home directory of mode 0700: user tests fail there, for a reason that is hard to see
testACheckoutThatUsersCannotEnter() {
	good
	ran "2 passed, 0 failed, 0 skipped" 0 good
	assertNotContains "$out" "$out" "note: "
	chmod 700 "$work/tests"
	ran "2 passed, 0 failed, 0 skipped" 0 good
	chmod 755 "$work/tests"
	assertEquals "$out" 1 "$(echo "$out" | grep -c '^note: ')"
	assertContains "$out" "$out" "note: ordinary users cannot enter $work/tests, so tests with such users will fail"
}

# what a suite builds for another prefix, others would run, or not find at all for a moment
testTheProgramStaysAsItIs() {
	echo 1 >"$work/build/ksm-hook"
	plain builder <<-'E'
		rm "$BUILD/ksm-hook" && echo 1 >"$BUILD/ksm-hook"
		echo "1 passed, 0 failed"
	E
	ran "1 passed, 1 failed, 0 skipped" 1 builder
	assertContains "$out" "$out" "$work/build/ksm-hook was built anew while suites ran it"
	rm "$work/build/ksm-hook"
}

testAFailureIsShown() {
	made bad <<-'E'
		testOne() { assertTrue true; }
		testTwo() { echo detail; assertEquals "a reason" 1 2; }
		testThree() { return 3; }
		testFour() { assertEquals "$(printf 'all that\nit printed')" "$(printf '1\n2')" 3; }
	E
	good
	ran "3 passed, 3 failed, 0 skipped" 1 bad good
	assertContains "$out" "detail"
	assertContains "$out" "! x/bad: ASSERT:a reason"
	assertContains "$out" "! x/bad: ASSERT:all that | it printed expected:<1 | 2> but was:<3>"
	assertContains "$out" "failed: x/bad"
}

# beside others only, and always
testOnceMore() {
	made once <<-E
		testOne() { assertTrue "not yet" "[ -e $work/tried ]"; : >"$work/tried"; }
	E
	made always <<-'E'
		testOne() { assertEquals "always" 1 2; }
	E
	good
	with="env AGAIN=1"
	ran "3 passed, 1 failed, 0 skipped" 1 once always good
	with=
	assertContains "$out" "? x/once: ASSERT:not yet"
	assertNotContains "$out" "! x/once"
	assertContains "$out" "again: x/once"
	assertContains "$out" "! x/always: ASSERT:always expected:<1> but was:<2>"
	assertContains "$out" "failed: x/always"
	rm "$work/tried"
	ran "2 passed, 1 failed, 0 skipped" 1 once good
	rm "$work/tried"
	with="env AGAIN=1"
	ran "3 passed, 0 failed, 0 skipped" 0 once good
	# where more than three fail, it is no accident
	for _i in 1 2 3 4; do cp "$work/tests/x/always.sh" "$work/tests/x/bad$_i.sh"; done
	ran "0 passed, 4 failed, 0 skipped" 1 bad1 bad2 bad3 bad4
	with=
	assertEquals 4 "$(echo "$out" | grep -c "^== ")"
}

testASuiteWithoutATest() {
	made empty </dev/null
	ran "0 passed, 1 failed, 0 skipped" 1 empty
	plain zero <<-'E'
		echo "0 passed, 0 failed"
	E
	ran "0 passed, 1 failed, 0 skipped" 1 zero
	assertContains "$out" "tested nothing"
}

testATestWithoutAnAssertion() {
	made nothing <<-'E'
		testOne() { true; }
		testTwo() { false && assertTrue true; true; }
		testThree() { assertTrue true; }
	E
	ran "1 passed, 2 failed, 0 skipped" 1 nothing
	assertContains "$out" "testOne asserts nothing"
	assertContains "$out" "testTwo asserts nothing"
}

testAnAssertionInASubshell() {
	made sub <<-'E'
		testOne() { assertTrue true; echo x | while read -r l; do assertEquals 1 2; done; true; }
		testTwo() { assertTrue true; }
	E
	ran "2 passed, 1 failed, 0 skipped" 1 sub
	assertContains "$out" "an assertion failed where it is not counted"
}

testSkipsCountOncePerTest() {
	made skips <<-'E'
		testTwice() { skip one; skip two; }
		testBoth() { skip three; assertTrue true; }
		testFails() { skip four; assertTrue false; }
		testPasses() { assertTrue true; }
	E
	ran "1 passed, 1 failed, 2 skipped" 1 skips
	made only <<-'E'
		testTwice() { skip one; skip two; }
	E
	ran "0 passed, 0 failed, 1 skipped" 0 only
	assertContains "$out" "SKIP only:testTwice: one"
	assertContains "$out" "SKIP only:testTwice: two"
}

testInCiOnlyNamedSkipsPass() {
	made only <<-'E'
		testOne() { skip "for a reason"; }
	E
	with="env CI=true"
	ran "0 passed, 1 failed, 1 skipped" 1 only
	assertContains "$out" "for a reason"
	echo "only:testOne: for a reason" >"$work/tests/skips.txt"
	ran "0 passed, 0 failed, 1 skipped" 0 only
	: >"$work/tests/skips.txt"
	with=
}

testACrash() {
	made exits <<-'E'
		testOne() { assertTrue true; }
		testTwo() { exit 0; }
		testThree() { assertTrue true; }
	E
	ran "1 passed, 1 failed, 0 skipped" 1 exits
	made killed <<-'E'
		testOne() { assertTrue true; kill -KILL $$; }
	E
	ran "0 passed, 1 failed, 0 skipped" 1 killed
	assertContains "$out" "without a count"
	made syntax <<-'E'
		testOne() { assertTrue true; }
		testTwo() { (
	E
	ran "0 passed, 1 failed, 0 skipped" 1 syntax
	made hangs <<-'E'
		testOne() { sleep 60; }
	E
	with="env SUITE_TIMEOUT=1"
	ran "0 passed, 1 failed, 0 skipped" 1 hangs
	with=
	ran "0 passed, 1 failed, 0 skipped" 1 is-not-there
}

testACountThatDoesNotFit() {
	for _case in "3 passed, 0 failed|1" "3 passed, 1 failed|0" "passed|0" "|0"; do
		printf 'echo "%s"\nexit %s\n' "${_case%|*}" "${_case#*|}" | plain lies
		ran "$(case $_case in 3*) echo 3 ;; *) echo 0 ;; esac) passed, $(case $_case in
			*"1 failed"*) echo 2 ;; *) echo 1 ;; esac) failed, 0 skipped" 1 lies
	done
}

testSetupAndTeardownCount() {
	made setup <<-'E'
		suite_setup() { assertEquals "in setup" 1 2; }
		testOne() { assertTrue true; }
	E
	ran "0 passed, 1 failed, 0 skipped" 1 setup
	made teardown <<-'E'
		suite_teardown() { wait_for 0 false; }
		testOne() { assertTrue true; }
	E
	ran "1 passed, 1 failed, 0 skipped" 1 teardown
	made each <<-'E'
		each_teardown() { wait_for 0 false; }
		testOne() { assertTrue true; }
	E
	ran "0 passed, 1 failed, 0 skipped" 1 each
}

testWaitForFailsTheTest() {
	made waits <<-'E'
		testOne() { assertTrue true; wait_for 0 test -e /nonexistent; true; }
		testTwo() { wait_for 5 true; assertTrue true; }
		testThree() { poll 0 false; assertEquals 1 $?; }
	E
	ran "2 passed, 1 failed, 0 skipped" 1 waits
	assertContains "$out" "waited 0 s in vain for: test -e /nonexistent"
}

testOneSuiteAndOneCase() {
	good
	good other
	with="env SUITE=other"
	ran "2 passed, 0 failed, 0 skipped" 0 good other
	assertNotContains "$out" "== x/good"
	with="env SUITE=x/good CASE=testT*"
	ran "1 passed, 0 failed, 0 skipped" 0 good other
	with="env CASE=testNone"
	ran "0 passed, 1 failed, 0 skipped" 1 good
	with="env SUITE=none"
	ran "0 passed, 1 failed, 0 skipped" 1 good
	with=
}

# in C, by unit/check.h
testOneCaseOfAUnitProgram() {
	cat >"$work/unit.c" <<-'E'
		#include "check.h"
		static void one(void) { CHECK(true); }
		static void two(void) { CHECK(true); CHECK(true); }
		static void nothing(void) { }
		int main(void)
		{
			RUN(one);
			RUN(two);
			if (getenv("NOTHING"))
				RUN(nothing);
			return check_end();
		}
	E
	"${CC:-cc}" -I"$top/tests/unit" -o "$work/tests/x/unit.sh" "$work/unit.c"
	assertTrue "builds" $?
	ran "3 passed, 0 failed, 0 skipped" 0 unit
	with="env CASE=two"
	ran "2 passed, 0 failed, 0 skipped" 0 unit
	with="env CASE=t[wx]o"
	ran "2 passed, 0 failed, 0 skipped" 0 unit
	with="env CASE=none"
	ran "0 passed, 1 failed, 0 skipped" 1 unit
	with="env NOTHING=1"
	ran "3 passed, 1 failed, 0 skipped" 1 unit
	with=
}

# however it is started, suites find the same
testStrangeSurroundings() {
	made calm <<-'E'
		testDescriptors() { assertEquals "" "$(ls -l /proc/$$/fd | grep -w odd)"; }
		testUmask() { assertEquals 0022 "$(umask)"; }
		testHome() { assertTrue "[ -d '$HOME' ]"; }
		testLocale() { assertEquals "C.UTF-8" "$(locale 2>/dev/null | sed -n 's/^LANG=//p')"; assertEquals "" "${LC_ALL:-}"; }
		testTemporary() { assertTrue "[ -d '$work' ]"; assertTrue "[ ${#work} -le 80 ]"; }
		testSigpipe() { assertEquals 0 "$(($(sed -n 's/^SigIgn:\t/0x/p' /proc/self/status) & 0x1000))"; }
		testLimits() { assertTrue "[ $(ulimit -n) -ge 1024 ]"; assertEquals unlimited "$(ulimit -f)"; }
		testStdin() { assertEquals "/dev/null" "$(readlink /proc/$$/fd/0)"; }
		testMake() { assertEquals "" "${MAKEFLAGS:-}"; }
	E
	: >"$work/odd"
	cat >"$work/strange" <<-'E'
		#!/usr/bin/perl
		# as a careless parent would start it
		use POSIX;
		$SIG{PIPE} = $SIG{INT} = "IGNORE";
		umask 077;
		$^F = 100;
		for (1 .. 5) { push @odd, POSIX::open("$ENV{ODD}") }
		POSIX::close(0);
		delete $ENV{HOME};
		$ENV{TMPDIR} = "no/such directory";
		$ENV{LC_ALL} = "xx_XX";
		$ENV{MAKEFLAGS} = "-n --jobserver-auth=3,4";
		$ENV{CDPATH} = "/";
		exec "sh", "-c", 'ulimit -S -n 20; ulimit -S -f 100; exec "$@"', "sh", @ARGV;
	E
	with="env ODD=$work/odd perl $work/strange"
	ran "9 passed, 0 failed, 0 skipped" 0 calm
	with="env TMPDIR=/tmp/$(printf %080d 0)"
	ran "9 passed, 0 failed, 0 skipped" 0 calm
	with=
}

. "$(dirname "$0")/../lib/common.sh"
