#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner with several suites at a time: who runs beside whom, and what is put back.

# shellcheck source=tests/lib/runner-lib.sh
. "$(dirname "$0")/../lib/runner-lib.sh"

# what a suite needs alone, no other has at the same time
testSuitesThatNeedTheSameRunOneAfterTheOther() {
	for _n in 1 2 3; do
		made alone$_n <<-E
			# needs: runner-test
			testOne() {
				mkdir "$work/taken"
				assertEquals "alone" 0 \$?
				sleep 0.5
				rmdir "$work/taken"
			}
		E
		made beside$_n <<-E
			testOne() {
				: >"$work/beside$_n"
				[ $_n -ne 1 ] || wait_for 5 test -e "$work/taken"
				assertTrue true
			}
		E
	done
	ran "6 passed, 0 failed, 0 skipped" 0 alone1 alone2 alone3 beside1 beside2 beside3
	# and another run is waited for
	flock -o /run/lock/ksm-hook-tests.runner-test sh -c ": >$work/held; sleep 2; rm $work/held" &
	wait_for 5 test -e "$work/held"
	made later <<-E
		# needs: runner-test
		testOne() { assertFalse "[ -e '$work/held' ]"; }
	E
	ran "1 passed, 0 failed, 0 skipped" 0 later
	rm -f /run/lock/ksm-hook-tests.runner-test
}

# "nothing" is not what each of them needs alone
testSuitesThatNeedNothingRunSideBySide() {
	for _n in 1 2; do
		made free$_n <<-E
			# needs: nothing
			testOne() {
				: >"$work/free$_n"
				wait_for 30 test -e "$work/free$((3 - _n))"
				assertTrue \$?
			}
		E
	done
	ran "2 passed, 0 failed, 0 skipped" 0 free1 free2
}

testWhenItIsToldToEndSuitesPutBackWhatTheyChanged() {
	made long <<-E
		suite_teardown() { : >"$work/put-back"; }
		testOne() { : >"$work/begun"; sleep 20; }
	E
	good
	# what took longest is first
	rm -f "$work/build/test-times"
	env -u CASE -u SUITE JOBS=1 BUILD=$work/build "$work/tests/run" "$work/tests/x/long.sh" "$work/tests/x/good.sh" >"$work/out" 2>&1 &
	_run=$!
	wait_for 10 test -e "$work/begun"
	kill -TERM $_run
	wait $_run
	assertNotEquals 0 $?
	assertTrue "[ -e '$work/put-back' ]"
	assertContains "$(cat "$work/out")" "$(cat "$work/out")" "(1 did not run)"
}

# What takes longest begins first, and what has to wait for each other counts as one; who took how long is known
# from the last run, else from slow.txt.
testWhatTakesLongestBegins() {
	for _s in short:nothing long:nothing ksmd1:config ksmd2:config; do
		made "${_s%:*}" <<-E
			# needs: ${_s#*:}
			testOne() { echo ${_s%:*} >>"$work/order"; assertTrue 0; }
		E
	done
	mkdir -p "$work/build"
	: >"$work/build/ksm-hook"
	printf '# NAME SECONDS\nx/long 70\nx/ksmd1 50\nx/ksmd2 60\nx/short 90\n' >"$work/tests/slow.txt"
	echo "x/short 3" >"$work/build/test-times"
	set -- "$work/tests/x/short.sh" "$work/tests/x/long.sh" "$work/tests/x/ksmd1.sh" "$work/tests/x/ksmd2.sh"
	env -u CASE -u SUITE JOBS=1 BUILD=$work/build "$work/tests/run" "$@" >"$work/out" 2>&1
	assertEquals "$(cat "$work/out")" "long short ksmd2 ksmd1 " "$(tr '\n' ' ' <"$work/order")"
	rm "$work/tests/slow.txt" "$work/build/test-times" "$work/order"
	sed -i 's/^# needs: .*/# needs: config/' "$work/tests/x/ksmd1.sh" "$work/tests/x/ksmd2.sh"
	sed -i 's/^# needs: .*/# needs: containers/' "$work/tests/x/short.sh" "$work/tests/x/long.sh"
	printf 'x/long 7\nx/ksmd1 5\nx/ksmd2 6\nx/short 3\n' >"$work/build/test-times"
	env -u CASE -u SUITE JOBS=1 BUILD=$work/build "$work/tests/run" "$@" >"$work/out" 2>&1
	assertEquals "two that wait for each other" "ksmd2 ksmd1 long short " "$(tr '\n' ' ' <"$work/order")"
}

# The first that is done with /etc/ksm-hook does not take it away from another.
testTheConfigFolderStays() {
	config_folder_take
	mkfifo "$work/until"
	flock -s -o /run/lock/ksm-hook-tests.config-folder sh -c ': >"$1/has" && read -r _ <"$1/until"' sh "$work" &
	_other=$!
	wait_for 20 test -e "$work/has"
	config_folder_leave
	assertTrue "another one uses it" "[ -d /etc/ksm-hook ]"
	echo >"$work/until"
	wait $_other
	config_folder_take
	config_folder_leave
}

. "$(dirname "$0")/../lib/common.sh"
